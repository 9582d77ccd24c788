/**
 * What an affine region is charged for the network's own rounding: as many additions as there are terms that may be
 * other than 0, of what the terms of one sign make together. No order of a float32 sum is off by more.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Semantics } from '../../src/audit/run.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { affineRegion } from '../../src/transforms/affine.ts';
import { propagateIntervals } from '../../src/transforms/interval.ts';
import { regionCounts } from '../../src/transforms/region-counts.ts';
import { roundingModel } from '../../src/transforms/rounding.ts';
import { Draw } from '../generators/draw.ts';
import { runOnnx } from '../onnxruntime.ts';
import { boxSet } from './interval-graph.ts';

type Network = (b: Builder, x: Node) => Node;

/** For each element of the network's output over a box, what `semantics` takes off for rounding. */
async function errorOf(
  network: Network,
  { lower, upper }: Readonly<Record<'lower' | 'upper', Tensor<'float32'>>>,
  semantics: Semantics,
): Promise<number[]> {
  const b = new Builder();
  const shape = [BATCH, ...lower.shape.slice(1)];
  const [low, high] = [b.input('lower', shape), b.input('upper', shape)];
  // A copy: the set's centre must not be one of its ends.
  const centre = b.mul(b.add(low, high), 0.5);
  const out = network(b, centre);
  const sets = new Map([[centre.id, boxSet(b, centre, { lower: low, upper: high })]]);
  const propagation = propagateIntervals(b, b.graph({}), sets, roundingModel(semantics));
  const rows = propagation.rowsOf(out);
  if (!rows) throw new RangeError('the output is no affine function');
  const bytes = writeModel(b.graph({ error: b.expand(rows.error, out.shape) }));
  const { error } = await runOnnx(bytes, { lower, upper });
  return Array.from(error?.data ?? [], Number);
}

/** What the network's own evaluation is charged. */
async function networkErrorOf(
  network: Network,
  box: Parameters<typeof errorOf>[1],
): Promise<number[]> {
  const whole = await errorOf(network, box, 'float32');
  const own = await errorOf(network, box, 'real');
  return whole.map((error, i) => error - (own[i] ?? 0));
}

const random = (seed: number, count: number): Float32Array => {
  const draw = new Draw(seed);
  return Float32Array.from({ length: count }, () => draw.real(-1, 1));
};

/** float32 sums of the same products in orders that are bad in different ways. */
function summed(products: readonly number[], seed: number): number[] {
  const oneByOne = (terms: readonly number[]): number =>
    terms.reduce((sum, term) => Math.fround(sum + term), 0);
  const inPairs = (terms: readonly number[]): number => {
    if (terms.length < 2) return terms[0] ?? 0;
    const half = terms.length >> 1;
    return Math.fround(inPairs(terms.slice(0, half)) + inPairs(terms.slice(half)));
  };
  const descending = products.toSorted((p, q) => q - p);
  const keys = random(seed, products.length);
  const shuffled = [...products.keys()]
    .sort((p, q) => (keys[p] ?? 0) - (keys[q] ?? 0))
    .map((i) => products[i] ?? 0);
  const orders = [products, descending, descending.toReversed(), shuffled];
  return orders.flatMap((terms) => [oneByOne(terms), inPairs(terms)]);
}

const INPUTS = 256;

/** A layer of hinges, and a sum of what they let through. */
const hinged =
  (weights: Float32Array): Network =>
  (b, x) =>
    b.matMul(b.relu(x), b.floats(weights, [INPUTS, weights.length / INPUTS]));

test('where half of the neurons are dead a sum is charged half', async () => {
  const weights = Float32Array.from({ length: INPUTS }, (_, i) => (i % 4 < 2 ? 1 : -1));
  const boxAt = (value: (i: number) => number): Parameters<typeof errorOf>[1] => {
    const ends = floats(
      Array.from({ length: INPUTS }, (_, i) => value(i)),
      [1, INPUTS],
    );
    return { lower: ends, upper: ends };
  };
  const [all = 0] = await networkErrorOf(
    hinged(weights),
    boxAt(() => 1),
  );
  // Twice as large, and half of them: their sizes together are the same.
  const [half = 0] = await networkErrorOf(
    hinged(weights),
    boxAt((i) => (i % 2 === 0 ? 2 : -2)),
  );
  expect(half / all).toBeGreaterThan(0.45);
  expect(half / all).toBeLessThan(0.6);
  // Terms of both signs: an addition rounds at most what is on one side, half of all.
  expect(all).toBeGreaterThan(255 * 128 * 2 ** -24);
  expect(all).toBeLessThan(1.2 * 255 * 128 * 2 ** -24);
});

test('no order of a float32 sum is off by more than is charged, whichever terms are 0', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const outputs = 4;
    const weights = random(2 * seed, INPUTS * outputs);
    const share = (seed % 5) / 4;
    const x = random(2 * seed + 1, INPUTS).map((value) => value + share);
    const point = floats(x, [1, INPUTS]);
    const charged = await networkErrorOf(hinged(weights), { lower: point, upper: point });
    charged.forEach((charge, j) => {
      const exact = Array.from(
        x,
        (value, i) => Math.max(value, 0) * (weights[i * outputs + j] ?? 0),
      );
      const truth = exact.reduce((sum, term) => sum + term, 0);
      for (const sum of summed(exact.map(Math.fround), seed)) {
        expect(Math.abs(sum - truth)).toBeLessThanOrEqual(charge);
      }
    });
  }
});

test('terms that all have one sign are charged whole: t + … + t is lost beside 1', async () => {
  const lost = Math.fround(2 ** -24 * (1 - 2 ** -10));
  const x = Float32Array.from({ length: INPUTS }, (_, i) => (i === 0 ? 1 : lost));
  const point = floats(x, [1, INPUTS]);
  const [charge = 0] = await networkErrorOf(hinged(new Float32Array(INPUTS).fill(1)), {
    lower: point,
    upper: point,
  });
  expect(charge).toBeGreaterThan((INPUTS - 1) * lost);
});

/** Counts of an output's terms, given which of the inputs may be other than 0. */
async function countsOf(
  network: Network,
  live: Tensor<'float32'>,
): Promise<readonly number[] | undefined> {
  const b = new Builder();
  const x = b.input('x', [BATCH, ...live.shape.slice(1)]);
  const out = network(b, x);
  const region = affineRegion(
    b.nodes,
    out,
    (id) => b.nodes[id]?.shape[0] === BATCH,
    (id) => id === x.id,
  );
  const counts = regionCounts(b, region, new Map([[x.id, x]]));
  if (!counts) return undefined;
  const result = await runOnnx(writeModel(b.graph({ counts: b.expand(counts, out.shape) })), {
    x: live,
  });
  return Array.from(result['counts']?.data ?? [], Number);
}

describe('an element is a sum of', () => {
  test('the products of a row with what is not 0, and a bias', async () => {
    const live = floats([1, 0, 1, 1, 0, 0, 0, 0], [2, 4]);
    const affine: Network = (b, x) =>
      b.add(b.matMul(x, b.floats(random(1, 12), [4, 3])), b.floats(random(2, 3), [3]));
    expect(await countsOf(affine, live)).toEqual([4, 4, 4, 1, 1, 1]);
    const transposed: Network = (b, x) =>
      b.matMul(x, b.floats(random(1, 12), [3, 4]), { transB: true });
    expect(await countsOf(transposed, live)).toEqual([3, 3, 3, 0, 0, 0]);
  });

  test('the products under a kernel: none of the padding, and of its own group alone', async () => {
    const g = { strides: [1], padBefore: [1], padAfter: [1], dilations: [1] };
    const live = floats([1, 1, 1, 0, 0, 1], [1, 2, 3]);
    const whole: Network = (b, x) =>
      b.push('conv', [x, b.floats(random(1, 12), [2, 2, 3])], { ...g, groups: 1 });
    expect(await countsOf(whole, live)).toEqual([2, 4, 3, 2, 4, 3]);
    const apart: Network = (b, x) =>
      b.push('conv', [x, b.floats(random(1, 6), [2, 1, 3])], { ...g, groups: 2 });
    expect(await countsOf(apart, live)).toEqual([2, 3, 2, 0, 1, 1]);
  });

  test('the terms of both of its branches, and of what is shifted and scaled once', async () => {
    const live = floats([1, 0], [1, 2]);
    const branches: Network = (b, x) => b.sub(b.matMul(x, b.floats([1, 2, 3, 4], [2, 2])), x);
    expect(await countsOf(branches, live)).toEqual([2, 1]);
    const scaled: Network = (b, x) => b.mul(b.add(b.neg(x), 3), 5);
    expect(await countsOf(scaled, live)).toEqual([2, 1]);
  });

  test('all ways through two products', async () => {
    const twice: Network = (b, x) =>
      b.matMul(b.matMul(x, b.floats(random(1, 10), [2, 5])), b.floats(random(2, 5), [5, 1]));
    expect(await countsOf(twice, floats([1, 1], [1, 2]))).toEqual([10]);
    expect(await countsOf(twice, floats([0, 1], [1, 2]))).toEqual([5]);
  });

  test('what is moved, padded by zeros or by numbers, joined and summed', async () => {
    const live = floats([1, 0, 1], [1, 3]);
    const around = { before: [0, 1], after: [0, 1] };
    const moved =
      (value: number): Network =>
      (b, x) =>
        b.push('pad', [b.slice(x, 1, 0, 2)], { ...around, value });
    expect(await countsOf(moved(0), live)).toEqual([0, 1, 0, 0]);
    expect(await countsOf(moved(0.5), live)).toEqual([1, 1, 0, 1]);
    expect(await countsOf((b, x) => b.sum(b.concat([x, x], 1), [1], true), live)).toEqual([4]);
  });

  test('at least the numbers under a window that are averaged', async () => {
    const window = { kernel: [2], strides: [1], padBefore: [0], padAfter: [0], dilations: [1] };
    const average: Network = (b, x) => b.push('averagePool', [x], { ...window, counted: [[0, 3]] });
    const counts = (await countsOf(average, floats([1, 1, 0], [1, 1, 3]))) ?? [];
    expect(counts[0]).toBeGreaterThanOrEqual(2);
    expect(counts[1]).toBeGreaterThanOrEqual(1);
  });
});
