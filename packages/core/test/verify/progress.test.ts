/** What a search's course says about its end. */
import { expect, test } from 'vitest';
import { Progress } from '../../src/verify/progress.ts';

/** After 1, 2, 4, … branches, the keys given. */
function after(keys: readonly number[]): Progress {
  const progress = new Progress();
  keys.forEach((key, i) => progress.note(2 ** i, key));
  return progress;
}

test('keys that rise by one each time the branches double reach 0 when they say', () => {
  const progress = after([-7, -6, -5, -4]);
  expect(progress.first).toBe(-7);
  expect(progress.predicted).toBeCloseTo(2 ** 7, 6);
  expect(progress.isPromising).toBe(true);
});

test('between doublings the last note of at most half the branches counts', () => {
  const progress = after([-8, -6]);
  progress.note(3, -6 + 2 * Math.log2(1.5));
  // Twice a key for each doubling, from the first note on.
  expect(progress.predicted).toBeCloseTo(2 ** 4, 6);
});

test('what stands still, falls, or is not known promises nothing', () => {
  for (const keys of [[], [-3], [-3, -3], [-3, -4], [-Infinity, -1], [-3, NaN], [-100, -99]]) {
    expect(after(keys).isPromising).toBe(false);
  }
});

test('where nothing is open nothing more is to come', () => {
  expect(after([-3, Infinity]).predicted).toBe(2);
});
