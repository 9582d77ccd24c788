// Confidence bounds and quantiles against values computed with 40 digits (mpmath), and against the definition.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  binomialTail,
  clopperPearsonLower,
  normalQuantile,
} from '../../src/bounds/clopper-pearson.ts';

describe('the bound of Clopper and Pearson', () => {
  test.each([
    [9, 10, 0.05, 0.6058366975634952],
    [99, 100, 0.001, 0.9113731112960425],
    [100, 100, 0.001, 0.933254300796991],
    [950, 1000, 0.001, 0.925046780060944],
    [99000, 100000, 0.001, 0.9889893403774748],
    [100000, 100000, 0.001, 0.9999309248330094],
    [52000, 100000, 0.001, 0.5151116112852722],
    [1, 100000, 0.001, 1.000500328578529e-8],
    [7, 20, 0.5, 0.3279519072025613],
    [600, 1000, 1e-9, 0.5050072382375629],
  ])('of %i hits in %i trials at %d is tabled', (k, n, alpha, tabled) => {
    const bound = clopperPearsonLower(k, n, alpha);
    expect(bound).toBeLessThanOrEqual(tabled);
    expect(tabled - bound).toBeLessThan(1e-9 * tabled);
  });

  test('is 0 where nothing hit, and the nth root of alpha where everything did', () => {
    expect(clopperPearsonLower(0, 50, 0.01)).toBe(0);
    expect(clopperPearsonLower(50, 50, 0.01)).toBeCloseTo(0.01 ** (1 / 50), 10);
  });

  test('grows with the hits and with alpha, and stays below the share of hits', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5000 })
          .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n))),
        fc.double({ min: 1e-9, max: 0.3, noNaN: true }),
        ([k, n], alpha) => {
          const bound = clopperPearsonLower(k, n, alpha);
          expect(bound).toBeLessThanOrEqual(k / n);
          if (k < n) expect(clopperPearsonLower(k + 1, n, alpha)).toBeGreaterThan(bound);
          expect(clopperPearsonLower(k, n, 1.5 * alpha)).toBeGreaterThanOrEqual(bound);
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  test('is wrong no more often than it says: no p has more than alpha of its outcomes above it', () => {
    const [n, alpha] = [40, 0.05];
    const bounds = Array.from({ length: n + 1 }, (_, k) => clopperPearsonLower(k, n, alpha));
    for (let p = 0.01; p < 1; p += 0.01) {
      const first = bounds.findIndex((bound) => bound > p);
      const wrong = first < 0 ? 0 : binomialTail(first, n, p);
      expect(wrong).toBeLessThanOrEqual(alpha);
    }
  });

  test.each([
    [3, 2, 0.1],
    [-1, 2, 0.1],
    [1.5, 2, 0.1],
    [0, 0, 0.1],
    [1, 2, 0],
    [1, 2, 0.6],
    [1, 2, Number.NaN],
  ])('refuses %d of %d at %d', (k, n, alpha) => {
    expect(() => clopperPearsonLower(k, n, alpha)).toThrow(RangeError);
  });
});

test('the tail is the sum of the probabilities', () => {
  const choose = (n: number, k: number): number =>
    Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((a, b) => a * b, 1);
  for (const [n, p] of [
    [12, 0.3],
    [20, 0.77],
    [30, 0.001],
  ] as const) {
    for (let k = 0; k <= n; k++) {
      let sum = 0;
      for (let j = n; j >= k; j--) sum += choose(n, j) * p ** j * (1 - p) ** (n - j);
      expect(Math.abs(binomialTail(k, n, p) - sum)).toBeLessThan(1e-12 * sum);
    }
  }
});

test.each([
  [0.5, 0],
  [0.6, 0.2533471031357997],
  [0.75, 0.6744897501960817],
  [0.9, 1.2815515655446006],
  [0.975, 1.9599639845400538],
  [0.999, 3.090232306167813],
  [0.99999, 4.264890793923841],
  [0.999930924, 3.8114535829595635],
  [0.0001, -3.7190164854556804],
  [0.3, -0.5244005127080408],
  [1e-20, -9.262340089798407],
  [0.9999999999, 6.361340889697422],
])('the normal quantile of %d is tabled', (p, tabled) => {
  expect(normalQuantile(p)).toBeLessThanOrEqual(tabled);
  expect(tabled - normalQuantile(p)).toBeLessThanOrEqual(1e-13 * Math.abs(tabled));
});

test('the normal quantile of certainty is infinite, and of no probability an error', () => {
  expect(normalQuantile(1)).toBe(Infinity);
  expect(normalQuantile(0)).toBe(-Infinity);
  expect(() => normalQuantile(1.5)).toThrow(RangeError);
});
