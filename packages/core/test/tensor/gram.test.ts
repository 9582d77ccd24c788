// Spectral norms from above against closed forms and against power iteration, which comes from below.
import { expect, test } from 'vitest';
import { frobenius, fullSteps, type Matrix, spectralNormBound } from '../../src/tensor/gram.ts';
import { RandomBlock } from '../../src/tensor/random.ts';

const matrix = (rows: number, columns: number, at: (i: number, j: number) => number): Matrix => ({
  rows,
  columns,
  data: Float64Array.from({ length: rows * columns }, (_, k) =>
    at(Math.floor(k / columns), k % columns),
  ),
});

/** Rises to the norm and never passes it. */
function powerIteration({ rows, columns, data }: Matrix): number {
  let v = Float64Array.from({ length: columns }, (_, i) => 1 + Math.sin(i));
  let norm = 0;
  for (let round = 0; round < 3000; round++) {
    const u = Float64Array.from({ length: rows }, (_, i) =>
      v.reduce((sum, value, j) => sum + value * (data[i * columns + j] ?? 0), 0),
    );
    norm = Math.hypot(...u) / Math.hypot(...v);
    const back = Float64Array.from({ length: columns }, (_, j) =>
      u.reduce((sum, value, i) => sum + value * (data[i * columns + j] ?? 0), 0),
    );
    const length = Math.hypot(...back);
    v = back.map((value) => value / length);
  }
  return norm;
}

const bound = (m: Matrix): number => spectralNormBound(m, fullSteps(m.rows, m.columns));

test.each([
  [1, 1, 0],
  [7, 7, 1],
  [30, 12, 2],
  [12, 30, 3],
  [64, 64, 4],
])('of a random %i × %i matrix the bound is just above the norm', (rows, columns, seed) => {
  const random = new RandomBlock(seed, 0, 0);
  const m = matrix(rows, columns, (i, j) => random.normal(i * columns + j));
  const below = powerIteration(m);
  expect(bound(m)).toBeGreaterThanOrEqual(below * (1 - 1e-14));
  expect(bound(m)).toBeLessThan(below * 1.0015);
});

test.each([1e-180, 1, 1e150])('a diagonal of the size %d has its largest element', (size) => {
  const m = matrix(5, 5, (i, j) => (i === j ? size * (i - 3) : 0));
  expect(bound(m)).toBeGreaterThanOrEqual(3 * size);
  expect(bound(m)).toBeLessThan(3 * size * 1.001);
});

test('an orthogonal matrix, whose singular values are all equal, has the norm 1', () => {
  const n = 16;
  const m = matrix(
    n,
    n,
    (i, j) =>
      (Math.sqrt(2 - Number(i === 0)) / Math.sqrt(n)) *
      Math.cos((Math.PI * i * (2 * j + 1)) / (2 * n)),
  );
  expect(bound(m)).toBeGreaterThanOrEqual(1);
  expect(bound(m)).toBeLessThan(1.001);
});

test('each step lowers the bound, from the Frobenius norm on', () => {
  const random = new RandomBlock(9, 0, 0);
  const m = matrix(20, 25, (i, j) => random.normal(25 * i + j));
  const bounds = Array.from({ length: 8 }, (_, steps) => spectralNormBound(m, steps));
  expect(bounds[0]).toBe(frobenius(m));
  bounds.slice(1).forEach((value, i) => expect(value).toBeLessThan(bounds[i] ?? 0));
});

test('nothing has the norm 0, and what is not finite has none', () => {
  expect(bound(matrix(3, 2, () => 0))).toBe(0);
  expect(bound(matrix(3, 2, () => Infinity))).toBe(Infinity);
  expect(bound(matrix(2, 2, () => Number.NaN))).toBeNaN();
});
