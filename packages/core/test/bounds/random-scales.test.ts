/** Networks whose weights are from 1e-30 to 1e30: a slice of the soak's (test/random-scales.ts). */
import { expect, test } from 'vitest';
import { checkRandomScales } from '../random-scales.ts';

const CASES = 12;

test('bounds hold what networks of extreme weights compute, in every norm', async () => {
  let kept = 0;
  for (let seed = 0; seed < CASES; seed++) kept += (await checkRandomScales(seed)).kept;
  expect(kept).toBeGreaterThan(CASES);
});
