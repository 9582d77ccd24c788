/** A target for each input: from a file or the data's own, in the document, and when read back. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH, Builder, type Run, tensor, writeModel } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import { onnxFile } from '../../../core/test/onnx/hand-made.ts';
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

// The same scores, by a classifier that calls its classes 3, 7 and 11; labels as it calls them, and as positions.
const called = [3, 7, 11];
writeFileSync(
  at('called.onnx'),
  onnxFile({
    opset: 17,
    inputs: { x: ['n', 3] },
    outputs: ['label', 'scores'],
    types: { label: 'int64' },
    nodes: [
      {
        op: 'ai.onnx.ml.LinearClassifier',
        inputs: ['x'],
        outputs: ['label', 'scores'],
        attributes: {
          coefficients: { floats: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
          intercepts: { floats: [0, 0, 0] },
          classlabels_ints: called,
        },
      },
    ],
  }),
);
const names = (columns: readonly number[]) => whole(columns.map((k) => called[k] ?? 0));
writeFileSync(
  at('called.npz'),
  writeNpz({ x: points, y: names(labels), wanted: names(targets), columns: whole(targets) }),
);
writeFileSync(
  at('named.csv'),
  ['a,b,c,label', '1,0.2,0,ant', '0,0.6,0.1,bee', '0.1,0,0.4,cow', ''].join('\n'),
);

test.each([
  ['called.npz', 'wanted', targets],
  ['data.npz', 'wanted', targets],
  ['called.npz', '7', [1, 1, 1]],
  ['data.npz', '1', [1, 1, 1]],
])(
  'of named classes a target is what a label of its number is: in %s, %s',
  async (file, target, wanted) => {
    const own = ['attack', at('called.onnx'), '--data', at(file), '--eps', '0.35'];
    const { samples } = await run(...own, '--target', target, '--method', 'minimum');
    expect(samples.map((sample) => sample.target)).toEqual(wanted);
    for (const sample of samples) expect(sample.adversarialPrediction).toBe(sample.target);
  },
);

test('a target may be the name of a class of the data, but where a file is called so', async () => {
  const own = ['attack', at('identity.onnx'), '--data', at('named.csv'), '--eps', '1'];
  const { samples, criterion } = await run(...own, '--target', 'cow', '--method', 'fgsm');
  expect(criterion).toEqual({ kind: 'target', class: 2 });
  expect(samples.map(({ label }) => label)).toEqual([0, 1]);
  expect(samples.map(({ adversarialPrediction }) => adversarialPrediction)).toEqual([2, 2]);
  const { code, stderr } = await glacis([...own, '--target', 'dog']);
  expect(code).toBe(2);
  expect(stderr).toContain('there is no such file; the classes are ant, bee, cow.');
});

test.each([
  ['columns', /the target of input 0 is 1, which is no class; the classes are 3, 7, 11/],
  ['1', /--target 1: there is no such class; the classes are 3, 7, 11/],
])('of named classes the target %s is refused', async (target, message) => {
  const own = ['attack', at('called.onnx'), '--data', at('called.npz'), '--eps', '0.35'];
  const { code, stderr } = await glacis([...own, '--target', target]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
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
