// Values inside a graph may be no number, or infinite, where inputs never are: what selects others in their
// place, or divides by them, has the values of the file, a finite gradient, and a bound only where it may.
import { expect, test } from 'vitest';
import type { Builder } from '../../src/graph/builder.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { runOnnx } from '../onnxruntime.ts';
import { intervalGraph } from '../transforms/interval-graph.ts';
import { type FileSpec, type NodeSpec, onnxFile, scalar } from './hand-made.ts';

const total = (b: Builder, y: Node): Node => b.sum(y, [1], false);

/** What a file gives, what is read of it gives, and the gradient of its sum. */
async function evaluated(file: FileSpec, rows: readonly (readonly number[])[]) {
  const bytes = onnxFile(file);
  const x = floats(rows.flat(), [rows.length, rows[0]?.length ?? 0]);
  const { graph } = readModel(bytes);
  const derived = gradientOf(graph, { of: total, at: 'x', output: 'y' });
  const [own, read, slopes] = await Promise.all(
    [bytes, writeModel(graph), writeModel(derived)].map((each) => runOnnx(each, { x })),
  );
  const numbers = (value: { data: ArrayLike<number | bigint> } | undefined): number[] =>
    Array.from(value?.data ?? [], Number);
  return {
    graph,
    own: numbers(own?.['y']),
    read: numbers(read?.['y']),
    gradient: numbers(slopes?.['gradient']),
  };
}

const file = (nodes: readonly NodeSpec[], initializers: FileSpec['initializers']): FileSpec => ({
  opset: 17,
  inputs: { x: ['n', 2] },
  outputs: ['y'],
  nodes,
  initializers: initializers ?? {},
});

const EXPONENTS = [0.5, 1.5] as const;

const imputed = (exponents: FileSpec['initializers']): FileSpec =>
  file(
    [
      { op: 'Pow', inputs: ['x', 'c'], outputs: ['power'] },
      {
        op: 'ai.onnx.ml.Imputer',
        inputs: ['power'],
        outputs: ['y'],
        attributes: {
          imputed_value_floats: { floats: [7, 8] },
          replaced_value_float: { float: Number.NaN },
        },
      },
    ],
    exponents,
  );

test.each([
  ['an exponent for each feature', EXPONENTS, { c: floats([...EXPONENTS], [2]) }],
  ['one exponent', [1.5, 1.5], { c: scalar(1.5) }],
  ['a square root', [0.5, 0.5], { c: scalar(0.5) }],
] as const)(
  'a power of a negative number is imputed, and has no slope: %s',
  async (_, exponents, initializers) => {
    const rows = [
      [4, -4],
      [-0.25, 0.25],
      [2, 3],
    ];
    const { own, read, gradient } = await evaluated(imputed(initializers), rows);
    const expected = rows.flatMap((row) =>
      row.map((x, i) => (x < 0 ? [7, 8][i] : x ** (exponents[i] ?? 0)) ?? 0),
    );
    own.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? 0, 5));
    read.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? 0, 5));
    const slopes = rows.flatMap((row) =>
      row.map((x, i) => {
        const p = exponents[i] ?? 0;
        return x < 0 ? 0 : p * x ** (p - 1);
      }),
    );
    gradient.forEach((value, i) => expect(value).toBeCloseTo(slopes[i] ?? 0, 5));
  },
);

test('an imputed power is bounded where its base is positive, and nowhere else', async () => {
  const { graph } = readModel(onnxFile(imputed({ c: floats([...EXPONENTS], [2]) })));
  const shape = [2, 2];
  const feeds = {
    'centre:x': floats([2, 2, 0.5, 0.5], shape),
    'lower:x': floats([1, 1, -1, -1], shape),
    'upper:x': floats([4, 4, 1, 1], shape),
  };
  const { lower, upper, finite } = await runOnnx(
    writeModel(intervalGraph(graph, { output: 'y' })),
    feeds,
    {
      optimise: false,
    },
  );
  expect(Array.from(finite?.data ?? [], Number)).toEqual([1, 0]);
  const ends = [lower, upper].map((end) => Array.from(end?.data ?? [], Number).slice(0, 2));
  // [1, 4] to the power of ½ and of 3/2.
  ends.flat().forEach((end, i) => expect(end).toBeCloseTo([1, 1, 2, 8][i] ?? 0, 2));
});

const power: NodeSpec = { op: 'Exp', inputs: ['minus'], outputs: ['power'] };
const shifted: NodeSpec = { op: 'Add', inputs: ['power', 'one'], outputs: ['sum'] };
const reciprocal: NodeSpec = { op: 'Reciprocal', inputs: ['sum'], outputs: ['y'] };

test.each([
  ['1/(1 + e⁻ᶻ)', [{ op: 'Neg', inputs: ['x'], outputs: ['minus'] }, power, shifted, reciprocal]],
  [
    'with a product by −1',
    [{ op: 'Mul', inputs: ['x', 'negative'], outputs: ['minus'] }, power, shifted, reciprocal],
  ],
  [
    'as a quotient, the one first',
    [
      { op: 'Neg', inputs: ['x'], outputs: ['minus'] },
      power,
      { op: 'Add', inputs: ['one', 'power'], outputs: ['sum'] },
      { op: 'Div', inputs: ['one', 'sum'], outputs: ['y'] },
    ],
  ],
] satisfies [string, NodeSpec[]][])(
  'a sigmoid written by hand, %s, has its slope also where the exponential is infinite',
  async (_, nodes) => {
    const rows = [
      [-200, 200],
      [-3, 2],
      [0, -90],
    ];
    const constants = { one: scalar(1), negative: scalar(-1) };
    const { graph, own, read, gradient } = await evaluated(file(nodes, constants), rows);
    expect(graph.nodes.some(({ op }) => op === 'sigmoid')).toBe(true);
    const sigma = (z: number): number => 1 / (1 + Math.exp(-z));
    rows.flat().forEach((z, i) => {
      expect(Math.abs((read[i] ?? Number.NaN) - (own[i] ?? Number.NaN))).toBeLessThan(1e-6);
      expect(gradient[i]).toBeCloseTo(sigma(z) * (1 - sigma(z)), 6);
    });
  },
);

test('a quotient of other numbers is no sigmoid', () => {
  const nodes = (one: string): NodeSpec[] => [
    { op: 'Neg', inputs: ['x'], outputs: ['minus'] },
    power,
    shifted,
    { op: 'Div', inputs: [one, 'sum'], outputs: ['y'] },
  ];
  for (const numerator of ['two', 'mixed']) {
    const constants = { one: scalar(1), two: scalar(2), mixed: floats([1, 2], [2]) };
    const { graph } = readModel(onnxFile(file(nodes(numerator), constants)));
    expect(graph.nodes.some(({ op }) => op === 'sigmoid')).toBe(false);
  }
});

test.each(['L1', 'L2'])('a Normalizer (%s) leaves no number where there was none', async (norm) => {
  const spec = file(
    [
      { op: 'Pow', inputs: ['x', 'c'], outputs: ['power'] },
      { op: 'ai.onnx.ml.Normalizer', inputs: ['power'], outputs: ['y'], attributes: { norm } },
    ],
    { c: floats([...EXPONENTS], [2]) },
  );
  const { own, read } = await evaluated(spec, [
    [-1, 2],
    [4, 1],
    [0, 0],
  ]);
  expect(own.slice(0, 2)).toEqual([Number.NaN, Number.NaN]);
  expect(read.map((value) => value.toFixed(5))).toEqual(own.map((value) => value.toFixed(5)));
});
