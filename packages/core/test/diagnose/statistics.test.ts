// The bounds that indicators fire by, against exact binomial tails and by simulation.
import { describe, expect, test } from 'vitest';
import { binomialTail } from '../../src/bounds/clopper-pearson.ts';
import { paired, shareLower } from '../../src/diagnose/statistics.ts';
import { RandomBlock } from '../../src/tensor/random.ts';

const flags = (hits: number, count: number): boolean[] =>
  Array.from({ length: count }, (_, i) => i < hits);

describe('a share', () => {
  test('is at least what makes so many hits a 2.5 % surprise', () => {
    expect(binomialTail(8, 100, shareLower(8, 100))).toBeCloseTo(0.025, 6);
    // All of n: the p with pⁿ = 0.025.
    expect(shareLower(10, 10)).toBeCloseTo(0.025 ** 0.1, 9);
  });

  test('of no inputs is nothing', () => {
    expect(shareLower(0, 0)).toBe(0);
  });
});

describe('the difference of two outcomes of the same inputs', () => {
  test('counts those that differ, either way', () => {
    const { gains, losses, difference } = paired(flags(30, 100), flags(10, 100));
    expect([gains, losses, difference]).toEqual([20, 0, 0.2]);
  });

  test('proves nothing on few inputs, or where both win as often', () => {
    expect(paired(flags(3, 20), flags(0, 20)).lower).toBe(0);
    const one = Array.from({ length: 100 }, (_, i) => i % 2 === 0);
    expect(
      paired(
        one,
        one.map((own) => !own),
      ).lower,
    ).toBe(0);
  });

  test('is below the true difference in 95 % of draws or more', () => {
    // The first breaks 30 %, the second a random 20 % beside: the true difference is 10 points.
    const [draws, count] = [400, 120];
    let wrong = 0;
    for (let draw = 0; draw < draws; draw++) {
      const random = new RandomBlock(3, draw, 0);
      const first = Array.from({ length: count }, (_, i) => random.uniform(2 * i) < 0.3);
      const second = first.map((own, i) =>
        own ? random.uniform(2 * i + 1) < 0.4 : random.uniform(2 * i + 1) < 0.08 / 0.7,
      );
      if (paired(first, second).lower > 0.1) wrong++;
    }
    expect(wrong / draws).toBeLessThan(0.05);
  });
});
