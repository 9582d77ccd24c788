/** Criteria of success on the command line: what counts as broken, in the document and in words. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH, Builder, type Run, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { readNpz, writeNpz } from '../../src/data/npz.ts';
import { runSchema } from '../../src/run/schema.ts';
import { glacis } from './glacis.ts';
import { writeTiny } from './tiny.ts';

const { folder, model, data } = writeTiny(20);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = async (...words: string[]): Promise<Run> => {
  const { stdout } = await glacis([...words, '--json', '--quiet']);
  return runSchema.strict().parse(JSON.parse(stdout));
};

// f(x) = 3·x0 − x1, and targets that are not whole numbers.
const b = new Builder();
const f = b.matMul(b.input('x', [BATCH, 2]), b.floats([3, -1], [2, 1]));
const [regression, table] = [join(folder, 'line.onnx'), join(folder, 'targets.npz')];
const points = Float32Array.of(1, 1, 0, 0.5, -1, 2);
const targets = Float64Array.of(2.25, -0.5, -8);
writeFileSync(regression, writeModel(b.graph({ f })));
writeFileSync(
  table,
  writeNpz({ x: tensor('float32', [3, 2], points), y: tensor('float64', [3], targets) }),
);

test('a regression is broken where its error reaches the bound, at |f − y| + ε·‖w‖', async () => {
  const words = ['audit', regression, '--data', table, '--eps', '0.2', '--above', '1'];
  const { samples, criterion } = await run(...words);
  expect(criterion).toEqual({ kind: 'error', above: 1 });
  expect(samples.map(({ label }) => label)).toEqual([...targets]);
  expect(samples.map(({ prediction }) => prediction)).toEqual([2, -0.5, -5]);
  expect(samples.map(({ verdict }) => verdict)).toEqual([
    'falsified',
    'certified',
    'misclassified',
  ]);
  // (1 − |f − y|) / ‖w‖₁
  [0.75 / 4, 1 / 4].forEach((exact, i) => {
    expect((samples[i]?.upper ?? 0) / exact).toBeCloseTo(1, 3);
    expect((samples[i]?.lower ?? 0) / exact).toBeCloseTo(1, 2);
  });
  const { stdout } = await glacis(words);
  expect(stdout).toContain('Of 3 inputs, 2 are predicted to within 1');
});

test('what breaks a regression is stored with real labels and answers, and read back breaks it', async () => {
  const words = ['attack', regression, '--data', table, '--eps', '0.2', '--above', '1'];
  const out = join(folder, 'adversarial.npz');
  const { samples } = await run(...words, '--out', out);
  const stored = readNpz(readFileSync(out), out);
  const own = samples.filter(({ upper }) => upper !== null);
  expect(own.length).toBeGreaterThan(0);
  expect([...stored.read('label').data]).toEqual(own.map(({ label }) => label));
  expect([...stored.read('prediction').data]).toEqual(
    own.map(({ adversarialPrediction }) => adversarialPrediction),
  );
  expect([...stored.read('distance').data]).toEqual(own.map(({ upper }) => upper));
  const replay = ['--method', 'replay', '--examples', out, '--json', '--quiet'];
  const replayed = JSON.parse((await glacis([...words, ...replay])).stdout) as Run;
  expect(replayed.samples.map(({ verdict, upper }) => [verdict, upper])).toEqual(
    samples.map(({ verdict, upper }) => [verdict, upper]),
  );
});

test('what is stored of a regression breaks it by the stored label, in every digit', async () => {
  const count = 64;
  const path = join(folder, 'rounded.npz');
  const x = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i));
  // A tenth is no float32, and neither are these.
  const y = Float64Array.from({ length: count }, (_, i) => {
    return 3 * (x[2 * i] ?? 0) - (x[2 * i + 1] ?? 0) + 0.1 * Math.cos(i);
  });
  const arrays = { x: tensor('float32', [count, 2], x), y: tensor('float64', [count], y) };
  writeFileSync(path, writeNpz(arrays));
  const out = join(folder, 'rounded-adversarial.npz');
  const words = ['attack', regression, '--data', path, '--eps', '0.2', '--above', '0.5'];
  const { samples, notes } = await run(...words, '--method', 'minimum', '--out', out);
  expect(samples.every(({ verdict }) => verdict === 'falsified')).toBe(true);
  expect(notes).toContain('Labels are rounded to float32, as inputs are.');
  const stored = readNpz(readFileSync(out), out);
  const [labels, answers] = ['label', 'prediction'].map((key) => [...stored.read(key).data]);
  expect(labels).toEqual(Array.from(y, Math.fround));
  answers?.forEach((answer, i) => {
    expect(Math.abs(Number(answer) - Number(labels?.[i]))).toBeGreaterThanOrEqual(0.5);
  });
  writeFileSync(path, writeNpz({ ...arrays, y: tensor('float64', [count], y.fill(1e39)) }));
  const { code, stderr } = await glacis(words);
  expect({ code, stderr }).toMatchObject({ code: 2 });
  expect(stderr).toContain('Label 1e+39 at sample 0 is beyond float32');
});

test('with a target inputs of that class are left out, and breaks answer it', async () => {
  const words = ['attack', model, '--data', data, '--eps', '0.4', '--method', 'fast'];
  const { samples, notes } = await run(...words, '--target', '1');
  expect(samples.every(({ label }) => label === 0)).toBe(true);
  const broken = samples.filter(({ verdict }) => verdict === 'falsified');
  expect(broken.length).toBeGreaterThan(0);
  expect(broken.every(({ adversarialPrediction }) => adversarialPrediction === 1)).toBe(true);
  expect(notes.some((note) => /of class 1 are left out/.test(note))).toBe(true);
});

test('a confidence falls before the answer does, and nothing is proven about it', async () => {
  const words = ['audit', model, '--data', data, '--eps', '0.1', '--criterion', 'confidence'];
  const { samples } = await run(...words, '--below', '0.6');
  const { samples: whole } = await run('audit', model, '--data', data, '--eps', '0.1');
  samples.forEach(({ upper, lower, verdict }, i) => {
    expect(lower).toBeNull();
    if (verdict === 'misclassified') return;
    expect(upper ?? Infinity).toBeLessThanOrEqual((whole[i]?.upper ?? Infinity) * (1 + 1e-3));
  });
});

test.each([
  [['--criterion', 'target'], /needs --target/],
  [['--target', '1', '--below', '0.5'], /two criteria/],
  [['--criterion', 'error', '--below', '0.5'], /--below does not go with --criterion error/],
  [['--target', '7'], /no class 7 to aim at: the model has 2/],
  [['--eot', '8'], /draws no random numbers/],
  [['--above', '1'], /holds 2 numbers for each input/],
])('%j is refused in a sentence', async (more, message) => {
  const { code, stderr } = await glacis(['attack', model, '--data', data, '--eps', '0.1', ...more]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
