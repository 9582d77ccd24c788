/** A target for each input: from a file or the data's own, in the document, and when read back. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH, Builder, type Run, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { writeNpy } from '../../src/data/npy.ts';
import { readNpz, writeNpz } from '../../src/data/npz.ts';
import { runSchema } from '../../src/run/schema.ts';
import { glacis } from './glacis.ts';
import { writeTiny } from './tiny.ts';

const { folder } = writeTiny(1);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const whole = (values: readonly number[]) =>
  tensor('int64', [values.length], BigInt64Array.from(values, BigInt));

// Scores are the features: target t of label k is reached where x_t rises and x_k falls to their middle.
const b = new Builder();
const x = b.input('x', [BATCH, 3]);
writeFileSync(at('identity.onnx'), writeModel(b.graph({ scores: b.mul(x, 1) })));
const points = tensor(
  'float32',
  [4, 3],
  Float32Array.of(1, 0.2, 0, 1, 0.2, 0, 0, 0.6, 0.1, 0.1, 0, 0.4),
);
const [labels, targets] = [
  [0, 0, 1, 2],
  [1, 2, 0, 0],
];
const distances = [0.4, 0.5, 0.3, 0.15];
writeFileSync(
  at('data.npz'),
  writeNpz({ x: points, y: whole(labels), wanted: whole(targets), short: whole([1]) }),
);
writeFileSync(at('targets.npy'), writeNpy(whole(targets)));
writeFileSync(at('own.npy'), writeNpy(whole([1, 2, 1, 0])));
writeFileSync(at('beyond.npy'), writeNpy(whole([1, 2, 0, 3])));
writeFileSync(at('below.npy'), writeNpy(whole([1, 2, -1, 0])));
writeFileSync(at('half.npy'), writeNpy(tensor('float32', [4], Float32Array.of(1, 2, 0.5, 0))));

const words = (command: string, target: string, ...more: readonly string[]): string[] => [
  command,
  at('identity.onnx'),
  '--data',
  at('data.npz'),
  '--eps',
  '0.35',
  '--target',
  target,
  ...more,
];
const run = async (...all: string[]): Promise<Run> => {
  const { stdout } = await glacis([...all, '--json', '--quiet']);
  return runSchema.parse(JSON.parse(stdout));
};

test('each input is bracketed about the distance to its own target, from a file or the data', async () => {
  for (const target of [at('targets.npy'), 'wanted']) {
    const { samples, criterion } = await run(...words('audit', target));
    expect(criterion).toEqual({ kind: 'target', class: null });
    expect(samples.map((sample) => sample.target)).toEqual(targets);
    samples.forEach(({ upper, lower, verdict, adversarialPrediction }, i) => {
      const exact = distances[i] ?? 0;
      expect((upper ?? 0) / exact).toBeCloseTo(1, 3);
      expect((lower ?? 0) / exact).toBeCloseTo(1, 2);
      expect(adversarialPrediction).toBe(targets[i]);
      expect(verdict).toBe(exact <= 0.35 ? 'falsified' : 'certified');
    });
  }
});

test('the examples of one run are found broken again by replay with the same targets alone', async () => {
  const out = at('adv.npz');
  const minimum = words('attack', 'wanted', '--method', 'minimum', '--out', out);
  const { samples } = await run(...minimum);
  const adversarial = readNpz(readFileSync(out), out);
  expect(Array.from(adversarial.read('prediction').data, Number)).toEqual(targets);
  const replayed = await run(...words('attack', 'wanted', '--method', 'replay', '--examples', out));
  expect(replayed.samples.map(({ verdict }) => verdict)).toEqual(
    samples.map(({ verdict }) => verdict),
  );
  expect(replayed.samples.map(({ upper }) => upper)).toEqual(samples.map(({ upper }) => upper));
  // Aimed at the third class, examples that reach the others break nothing.
  writeFileSync(at('others.npy'), writeNpy(whole([2, 1, 2, 1])));
  const others = await run(
    ...words('attack', at('others.npy'), '--method', 'replay', '--examples', out),
  );
  expect(others.verdicts.falsified).toBe(0);
});

test('a choice of inputs keeps the targets of their positions in the data', async () => {
  const { samples } = await run(...words('attack', 'wanted', '--index', '3,1', '--workers', '2'));
  expect(samples.map(({ index, target }) => [index, target])).toEqual([
    [1, 2],
    [3, 0],
  ]);
  expect(samples.map(({ verdict }) => verdict)).toEqual(['unknown', 'falsified']);
});

test.each([
  ['short', /--target short holds 1 target and .*data\.npz 4 inputs; give one for each/],
  [at('own.npy'), /the target of input 2 is 1, the class it has already/],
  [at('beyond.npy'), /no class 3 to aim at from input 3: the model has 3, from 0 to 2/],
  [at('below.npy'), /the target of input 2 is -1, which is no class/],
  [at('half.npy'), /the target of input 2 is 0\.5, which is no class/],
  ['absent.npy', /no such file, and no such array in .*data\.npz; it holds x, y, wanted, short/],
  ['-1', /--target -1/],
])('targets of %s are refused in a sentence', async (target, message) => {
  const { code, stderr } = await glacis(words('attack', target));
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
