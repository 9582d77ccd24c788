/** Euclidean lengths and what is scaled to length 1: at the vector of zeros, and at every magnitude. */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { type Case, one, onnxFile } from '../onnx/hand-made.ts';
import { runOnnx } from '../onnxruntime.ts';
import { gradientGraph } from './differences.ts';
import { expectSound } from './soundness.ts';

const x: Case['inputs'][string] = ['n', 3];
const atZero: readonly Case[] = [
  one('ReduceL2', 'of rows', { opset: 13, x: ['n', 3], attributes: { axes: [1] } }),
  ...[1, 2].map((p) => one('LpNormalization', `by ℓ${p}`, { x, attributes: { p } })),
  ...['L1', 'L2'].map((norm) => one('ai.onnx.ml.Normalizer', norm, { x, attributes: { norm } })),
];

test.each(atZero.map((file) => [file.what, file] as const))(
  'the gradient at the vector of zeros is 0, and a number beside it: %s',
  async (_, file) => {
    const { graph } = readModel(onnxFile(file));
    const derived = gradientGraph({ graph, at: 'x', output: 'y' });
    const feeds = { x: floats([0, 0, 0, 1e-3, 0, -2e-3], [2, 3]) };
    const { gradient } = await runOnnx(writeModel(derived), feeds);
    const slopes = Array.from(gradient?.data ?? [], Number);
    expect(slopes.slice(0, 3).map(Math.abs)).toEqual([0, 0, 0]);
    expect(slopes.slice(3).every(Number.isFinite)).toBe(true);
  },
);

test('the gradient of a length is the vector of length 1', async () => {
  const { graph } = readModel(
    onnxFile(one('ReduceL2', '', { opset: 13, x: ['n', 2], attributes: { axes: [1] } })),
  );
  const derived = gradientGraph({ graph, at: 'x', output: 'y' });
  const { gradient } = await runOnnx(writeModel(derived), { x: floats([3, -4], [1, 2]) });
  const weight = 0.5 + Math.sin(1) / 2;
  const [first = 0, second = 0] = Array.from(gradient?.data ?? [], Number).map(
    (slope) => slope / weight,
  );
  expect(first).toBeCloseTo(0.6, 6);
  expect(second).toBeCloseTo(-0.8, 6);
});

describe('the ends of a length hold', () => {
  test('at every magnitude, where squares underflow too', async () => {
    const draw = new Draw(60);
    const rows = 1000;
    const b = new Builder();
    const input = b.input('x', [BATCH, 3]);
    const network = b.graph({ out: b.push('reduceL2', [input], { axes: [1], keep: true }) });
    const magnitudes = draw.list(rows, () => 10 ** draw.real(-45, 18));
    const ends = magnitudes.flatMap((size) =>
      Array.from({ length: 3 }, () => {
        const from = Math.fround(size * draw.real(-1, 1));
        return [from, Math.fround(from + draw.pick([0, 1e-6, 1]) * size)] as const;
      }),
    );
    const lower = floats(
      ends.map(([low]) => low),
      [rows, 3],
    );
    const upper = floats(
      ends.map(([, high]) => high),
      [rows, 3],
    );
    const boxes = { x: { centre: lower, lower, upper } };
    const { finite } = await expectSound(network, boxes, draw, { batched: true, rows });
    expect(finite).toEqual(finite.map(() => 1));
  });
});
