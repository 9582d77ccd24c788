/** Verdicts on networks of several inputs, several outputs and hidden values are those of mixed-integer programs. */
import { describe, expect, test } from 'vitest';
import { checkPortedVerdict } from '../random-verdict.ts';

const SLICES = 3;
const QUERIES = 12;

describe('random queries near the threshold', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', async (slice) => {
    const outcomes = new Set<string>();
    for (let i = 0; i < QUERIES; i++) {
      outcomes.add((await checkPortedVerdict(slice * QUERIES + i)).outcome);
    }
    expect([...outcomes].sort()).toEqual(['sat', 'unsat']);
  });
});
