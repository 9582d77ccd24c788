/** Verdicts on networks of many inputs, which are cut inside, are those of mixed-integer programs (HiGHS). */
import { describe, expect, test } from 'vitest';
import { checkInsideVerdict, type VerdictNote } from '../random-verdict.ts';

const SLICES = 2;
const QUERIES = 8;

describe('random queries near the threshold', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', async (slice) => {
    const notes: VerdictNote[] = [];
    for (let i = 0; i < QUERIES; i++) {
      notes.push(await checkInsideVerdict((slice + 1) * QUERIES + i));
    }
    // A verdict that differs has thrown.
    const decided = notes.filter(({ outcome }) => outcome === 'sat' || outcome === 'unsat');
    expect(decided.length).toBeGreaterThanOrEqual(QUERIES / 2);
    expect(notes.some(({ method }) => method === 'activation-splitting')).toBe(true);
  });
});
