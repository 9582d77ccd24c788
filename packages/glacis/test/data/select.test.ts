/** Choosing samples: lists, the first ones, and the seeded random choice. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIndexList, sampleIndices, selectIndices } from '../../src/data/select.ts';
import { usageError } from './bytes.ts';

test('without a choice all samples are taken', () => {
  expect(selectIndices(3, {}, 'a')).toEqual([0, 1, 2]);
  expect(selectIndices(3, { first: 2 }, 'a')).toEqual([0, 1]);
  expect(selectIndices(13, { index: '12, 0,3 ,7-9,8' }, 'a')).toEqual([12, 0, 3, 7, 8, 9]);
});

describe('the random choice', () => {
  test('takes different samples in ascending order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.maxSafeNat(), fc.nat(), (total, seed, n) => {
        const count = 1 + (n % total);
        const chosen = sampleIndices(total, count, seed);
        expect(chosen).toHaveLength(count);
        expect(new Set(chosen).size).toBe(count);
        expect(chosen).toEqual(chosen.toSorted((a, b) => a - b));
        expect(chosen.every((i) => i >= 0 && i < total)).toBe(true);
        expect(sampleIndices(total, count, seed)).toEqual(chosen);
      }),
    );
  });

  test('a larger sample contains a smaller one', () => {
    const large = new Set(sampleIndices(1000, 200, 5));
    expect(sampleIndices(1000, 50, 5).every((i) => large.has(i))).toBe(true);
  });

  test('is the same on every machine and in every version', () => {
    expect(sampleIndices(1000, 6, 0)).toMatchInlineSnapshot(`
      [
        31,
        113,
        157,
        434,
        636,
        667,
      ]
    `);
  });

  test('is fair: every sample is chosen as often as any other, whatever the seed', () => {
    const total = 64;
    const counts = new Float64Array(total);
    for (let seed = 0; seed < 4000; seed++) {
      for (const i of sampleIndices(total, 16, seed)) counts[i] = (counts[i] ?? 0) + 1;
    }
    // 4000 draws with p = 1/4: mean 1000, standard deviation 27; six of them.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(165);
    expect(sampleIndices(total, 16, 2 ** 32)).not.toEqual(sampleIndices(total, 16, 0));
  });
});

test.each([
  [{ first: 11 }, 'more than the 10 samples of a.npz'],
  [{ sample: 11 }, 'more than the 10 samples of a.npz'],
  [{ first: 0 }, 'not a positive whole number'],
  [{ sample: -1 }, 'not a positive whole number'],
  [{ first: 1.5 }, 'not a positive whole number'],
  [{ first: NaN }, 'not a positive whole number'],
  [{ first: 1, sample: 1 }, 'Only one of'],
  [{ index: '10' }, '10 is out of range; the last is 9'],
  [{ index: '0-999999999999999' }, 'out of range'],
  [{ index: '5-3' }, 'backwards'],
  [{ index: '' }, '"" is not a number'],
  [{ index: '1,,2' }, '"" is not a number'],
  [{ index: '-1' }, '"-1" is not a number'],
  [{ index: '1.5' }, '"1.5" is not a number'],
])('%j: %s', async (selection, expected) => {
  expect(await usageError(() => selectIndices(10, selection, 'a.npz'))).toContain(expected);
});

test('billions of samples are not listed one by one', async () => {
  expect(await usageError(() => selectIndices(4e9, {}, 'a'))).toContain('too many');
  expect(await usageError(() => selectIndices(4e9, { sample: 3 }, 'a'))).toContain('too many');
  expect(selectIndices(4e9, { index: '3999999999' }, 'a')).toEqual([3999999999]);
  expect(parseIndexList('0', 1, '--freeze')).toEqual([0]);
});
