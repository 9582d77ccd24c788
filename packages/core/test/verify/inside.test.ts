/** Verdicts on networks of many inputs, which are cut inside, are those of mixed-integer programs (HiGHS). */
import { describe, expect, test } from 'vitest';
import { checkInsideVerdict, type VerdictNote } from '../random-verdict.ts';

const SLICES = 3;
const QUERIES = 8;

describe('random queries near the threshold', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', async (slice) => {
    const notes: VerdictNote[] = [];
    for (let i = 0; i < QUERIES; i++) {
      notes.push(await checkInsideVerdict(slice * QUERIES + i));
    }
    const decided = notes.filter(({ isTie }) => !isTie).map(({ outcome }) => outcome);
    expect([...new Set(decided)].sort()).toEqual(['sat', 'unsat']);
    expect(notes.some(({ method }) => method === 'activation-splitting')).toBe(true);
  });
});
