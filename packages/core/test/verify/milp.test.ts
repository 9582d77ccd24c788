/** Verdicts on random queries of small ReLU networks are those of mixed-integer programs (HiGHS). */
import { describe, expect, test } from 'vitest';
import { checkPortedVerdict, checkRandomVerdict } from '../random-verdict.ts';

const SLICES = 3;
const QUERIES = 12;

describe.each([
  ['networks and pairs', checkRandomVerdict],
  ['several inputs, several outputs and hidden values', checkPortedVerdict],
])('random queries near the threshold: %s', (_, check) => {
  test.each(Array.from({ length: SLICES }, (_each, i) => i))('slice %i', async (slice) => {
    const outcomes = new Set<string>();
    for (let i = 0; i < QUERIES; i++) {
      outcomes.add((await check(slice * QUERIES + i)).outcome);
    }
    expect([...outcomes].sort()).toEqual(['sat', 'unsat']);
  });
});

test('a box of which linear bounds leave one corner is closed by the bounds of that corner', async () => {
  expect(await checkRandomVerdict(520958006)).toMatchObject({ outcome: 'unsat', isTie: false });
});
