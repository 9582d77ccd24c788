// The host side of a threat: ends of boxes on the right side of every rounding, exact distances, and
// inputs moved into the set with tolerance 0.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NormName } from '../../src/audit/run.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { linf, Threat } from '../../src/threats/threat.ts';

const norms: readonly NormName[] = ['linf', 'l2', 'l1'];
const float = fc.float({ noNaN: true, min: -8, max: 8 });
const pixels = fc.array(fc.float({ noNaN: true, min: 0, max: 1 }), { minLength: 4, maxLength: 4 });
const radius = fc.double({ noNaN: true, min: 1e-9, max: 4 });

describe.each(norms)('a %s ball', (norm) => {
  test('holds every input after it was legalised, with tolerance 0', () => {
    fc.assert(
      fc.property(
        pixels,
        fc.array(float, { minLength: 4, maxLength: 4 }),
        radius,
        fc.boolean(),
        (centre, candidate, eps, weighted) => {
          const weights = weighted ? Float32Array.of(0.3, 2, 1, 7) : null;
          const threat = new Threat(norm, { eps, clip: [0, 1], weights, frozen: [2] });
          const c = Float32Array.from(centre);
          const x = Float32Array.from(candidate);
          const distance = threat.legalise(c, x, eps);
          expect(distance).toBeLessThanOrEqual(eps);
          expect(threat.distance(c, x)).toBe(distance);
          expect(x[2]).toBe(c[2]);
          for (const value of x) expect(value >= 0 && value <= 1).toBe(true);
        },
      ),
      { seed: 3, numRuns: 400 },
    );
  });

  test('lies between its inward and its outward box', () => {
    fc.assert(
      fc.property(pixels, radius, (centre, eps) => {
        const threat = new Threat(norm, { eps, clip: [0, 1] });
        const c = Float32Array.from(centre);
        const [low, high, lowest, highest] = [0, 1, 2, 3].map(() => new Float32Array(4));
        if (!low || !high || !lowest || !highest) return;
        threat.enclose(c, eps, 'inward', low, high);
        threat.enclose(c, eps, 'outward', lowest, highest);
        c.forEach((value, i) => {
          const [a = 0, b = 0, l = 0, h = 0] = [low[i], high[i], lowest[i], highest[i]];
          expect(value - a).toBeLessThanOrEqual(eps);
          expect(b - value).toBeLessThanOrEqual(eps);
          expect(l).toBeLessThanOrEqual(Math.max(0, value - eps));
          expect(h).toBeGreaterThanOrEqual(Math.min(1, value + eps));
          expect(a >= l && b <= h).toBe(true);
        });
      }),
      { seed: 5, numRuns: 400 },
    );
  });

  test('draws random points of its full length where the valid box leaves room', () => {
    const threat = new Threat(norm, { eps: 0.25 });
    const centre = new Float32Array(50).fill(0.5);
    const out = new Float32Array(50);
    threat.sample(centre, 0.25, new RandomBlock(1, 2, 3), out);
    const distance = threat.distance(centre, out);
    expect(distance).toBeLessThanOrEqual(0.25);
    expect(distance).toBeGreaterThan(0.2499);
  });
});

test('a change of a frozen feature or beyond the valid box has infinite distance', () => {
  const threat = linf({ eps: 1, clip: [0, 1], frozen: [0] });
  const centre = Float32Array.of(0.5, 0.5);
  expect(threat.distance(centre, Float32Array.of(0.6, 0.5))).toBe(Infinity);
  expect(threat.distance(centre, Float32Array.of(0.5, 1.5))).toBe(Infinity);
  expect(threat.distance(centre, Float32Array.of(0.5, 1))).toBe(0.5);
});

test('an impossible threat is refused in one sentence', () => {
  expect(() => linf({ eps: -1 })).toThrow(/eps must be a finite number ≥ 0/);
  expect(() => linf({ eps: Number.NaN })).toThrow(RangeError);
  expect(() => linf({ eps: 0.1, clip: [1, 0] })).toThrow(/clip 1,0 is empty/);
  expect(() => new Threat('l0', { eps: 1 })).toThrow(/needs the range/);
  expect(() => linf({ eps: 1, weights: Float32Array.of(1, 0) })).toThrow(
    /weights must be positive/,
  );
});

test('random numbers depend on seed, input, draw and element alone', () => {
  const values = (seed: number, stream: number, draw: number): number[] =>
    Array.from({ length: 3 }, (_, i) => new RandomBlock(seed, stream, draw).uniform(i));
  expect(values(1, 2, 3)).toEqual(values(1, 2, 3));
  expect(
    new Set([...values(1, 2, 3), ...values(2, 2, 3), ...values(1, 3, 3), ...values(1, 2, 4)]).size,
  ).toBe(12);
  const normal = new RandomBlock(0, 0, 0);
  const draws = Array.from({ length: 20_000 }, (_, i) => normal.normal(i));
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
});
