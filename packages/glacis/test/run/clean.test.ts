/** Below one half, the warning names what is probably wrong. */
import { openClassifier, readModel, tensor } from '@glacis/core';
import { expect, test } from 'vitest';
import { checkClean } from '../../src/run/clean.ts';
import type { Inputs } from '../../src/run/inputs.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { tinyModel, tinyPoints } from '../cli/tiny.ts';

const COUNT = 60;

function inputs(scale: number, offset: number): Inputs {
  const { x, y } = tinyPoints(COUNT);
  return {
    path: 'points.npz',
    sha256: '',
    total: COUNT,
    indices: Array.from({ length: COUNT }, (_, i) => i),
    x: tensor(
      'float32',
      [COUNT, 2],
      x.map((value) => value * scale),
    ),
    y: Int32Array.from(y, (label) => Number(label) + offset),
    storedShape: [2],
    eightBit: false,
    isFolder: false,
    featureNames: null,
    classNames: null,
    notes: [],
  };
}

test('labels that are off by one and data of another scale are recognised', async () => {
  const classifier = await openClassifier(readModel(tinyModel()), nodeRuntime());
  const warningFor = async (scale: number, offset: number): Promise<string | null> =>
    (await checkClean(classifier, inputs(scale, offset))).warning;
  expect(await warningFor(1, 0)).toBeNull();
  expect(await warningFor(1, 1)).toContain('1 taken away');
  const shrunk = await warningFor(1 / 255, 0);
  expect(shrunk).toContain('--scale 255');
  await classifier.release();
});
