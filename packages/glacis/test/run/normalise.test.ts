/** --mean and --std become part of the model: the same scores as the original on normalised data. */
import { normaliseInput, openClassifier, readModel } from '@glacis/core';
import { expect, test } from 'vitest';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { tinyModel, tinyPoints } from '../cli/tiny.ts';

test('a normalised model scores data as the original scores normalised data', async () => {
  const original = readModel(tinyModel());
  const [mean, std] = [
    [0.25, -1],
    [0.5, 4],
  ];
  const wrapped = readModel(normaliseInput(original, { mean, std }));
  const { x } = tinyPoints(8);
  const streams = [0, 1, 2, 3, 4, 5, 6, 7];
  const normalised = x.map((value, i) => (value - (mean[i % 2] ?? 0)) / (std[i % 2] ?? 1));
  const runtime = nodeRuntime();
  const [before, after] = [
    await openClassifier(original, runtime),
    await openClassifier(wrapped, runtime),
  ];
  const expected = await before.judge(normalised, streams);
  const found = await after.judge(x, streams);
  found.scores.forEach((score, i) => expect(score).toBeCloseTo(expected.scores[i] ?? 0, 5));
  await before.release();
  await after.release();
});

test('a mean for every channel goes along the channels, and a wrong count is refused', () => {
  const model = readModel(tinyModel());
  expect(() => normaliseInput(model, { mean: [1, 2, 3], std: [1] })).toThrow('3 numbers');
  expect(() => normaliseInput(model, { mean: [0], std: [0] })).toThrow('positive');
});
