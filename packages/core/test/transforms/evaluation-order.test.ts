/**
 * Bounds hold for every order in which float32 sums may be evaluated. The worst one for 1 + t + … + t
 * with t just below half a unit in the last place of 1 adds one by one: every t is lost, although
 * together they are n·2⁻²⁴. Bounds at a point contain both that sum and the true one.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { runOnnx } from '../onnxruntime.ts';
import { boxesOf, boxFeeds } from './boxes.ts';
import { intervalGraph } from './interval-graph.ts';

const N = 64;
const LOST = Math.fround(2 ** -24 * (1 - 2 ** -10));
const terms = Float32Array.from({ length: N }, (_, i) => (i === 0 ? 1 : LOST));
const ones = new Float32Array(N).fill(1);

const oneByOne = terms.reduce((sum, term) => Math.fround(sum + term), 0);
const truth = terms.reduce((sum, term) => sum + term, 0);

/** Ways to add up x₀ + … with the terms either in x or in the weights. */
const sums: Readonly<Record<string, (b: Builder, x: Node, weights: Node) => Node>> = {
  'a matrix product': (b, x, weights) => b.matMul(x, b.reshape(weights, [N, 1])),
  'a reduction': (b, x, weights) => b.sum(b.mul(x, b.reshape(weights, [1, N])), [1], true),
  'a convolution': (b, x, weights) => {
    const none = { strides: [1], padBefore: [0], padAfter: [0], dilations: [1], groups: 1 };
    const image = b.reshape(x, [BATCH, 1, N]);
    return b.reshape(b.push('conv', [image, b.reshape(weights, [1, 1, N])], none), [BATCH, 1]);
  },
  'a scatter': (b, x, weights) =>
    b.push('scatterAdd', [b.mul(x, b.reshape(weights, [1, N]))], {
      axis: 1,
      indices: Array.from({ length: N }, () => 0),
      size: 1,
    }),
  'additions in a row': (b, x, weights) => {
    const products = b.mul(x, b.reshape(weights, [1, N]));
    const parts = Array.from({ length: N }, (_, i) => b.slice(products, 1, i, i + 1));
    return parts.reduce((sum, part) => b.add(sum, part));
  },
};

test('adding one by one loses what the true sum has', () => {
  expect(oneByOne).toBe(1);
  expect(truth).toBeGreaterThan(1 + 0.9 * N * 2 ** -24);
});

describe.each(Object.entries(sums))('%s', (_, sum) => {
  test.each([
    ['inputs', terms, ones],
    ['weights', ones, terms],
  ])('of small %s is bounded in any order', async (__, inputs, weights) => {
    const b = new Builder();
    const x = b.input('x', [BATCH, N]);
    const network = b.graph({ out: sum(b, x, b.floats(weights, [N])) });
    const boxes = boxesOf({ x: floats(inputs, [1, N]) }, () => 0);
    const rows = floats([1, -1], [1, 2, 1]);
    const bytes = writeModel(intervalGraph(network, { rows: 2 }));
    const results = await runOnnx(bytes, { ...boxFeeds(boxes), rows }, { optimise: false });
    const number = (name: string, i = 0): number => Number(results[name]?.data[i]);
    expect(number('finite')).toBe(1);
    for (const value of [oneByOne, truth]) {
      expect(number('lower')).toBeLessThanOrEqual(value);
      expect(number('upper')).toBeGreaterThanOrEqual(value);
      expect(number('bound', 0)).toBeLessThanOrEqual(value);
      expect(-number('bound', 1)).toBeGreaterThanOrEqual(value);
    }
    expect(number('upper') - number('lower')).toBeLessThan(0.01);
  });
});
