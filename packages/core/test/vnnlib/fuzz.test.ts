/** Queries broken from a seed are read, or refused by a typed error with a place; nothing hangs. */
import { describe, expect, test } from 'vitest';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { VnnlibError } from '../../src/vnnlib/vnnlib-error.ts';
import { Draw } from '../generators/draw.ts';
import { checkRandomMutant } from '../random-mutant.ts';
import { mutated, words } from './mutants.ts';
import { randomQuery } from './random-query.ts';

function refusal(text: string): VnnlibError | null {
  try {
    const problem = problemOf(parseVnnlib(text), { mostDisjuncts: 1000 });
    for (const { box } of problem.disjuncts()) expect(box.lower.every(Number.isFinite)).toBe(true);
    return null;
  } catch (error) {
    if (error instanceof VnnlibError) return error;
    throw new Error(`not a typed error, for\n${text}`, { cause: error });
  }
}

const SLICES = 10;
const MUTANTS = 300;

describe('mutants of random queries', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', (slice) => {
    let refused = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const draw = new Draw(slice * MUTANTS + i);
      const { text } = randomQuery(draw.integer(0, 1_000_000));
      const error = refusal(mutated(text, draw));
      if (!error) continue;
      refused++;
      expect(error.message.length).toBeLessThan(600);
      if (error.message !== 'this query is empty') expect(error.position).not.toBeNull();
    }
    expect(refused).toBeGreaterThan(MUTANTS / 2);
    expect(refused).toBeLessThan(MUTANTS);
  });
});

test('what is broken and still fits its networks is decided, or refused with a place', async () => {
  const notes = new Set<string>();
  for (let seed = 0; seed < 120; seed++) notes.add(await checkRandomMutant(seed));
  expect([...notes].toSorted((a, b) => a.localeCompare(b))).toEqual(
    expect.arrayContaining(['refused', 'sat', 'unsat']),
  );
});

test('words in any order are refused', () => {
  const draw = new Draw(1);
  for (let i = 0; i < 1000; i++) {
    const text = draw.list(draw.integer(1, 60), () => 0).map(() => draw.pick(words));
    expect(refusal(`(${text.join(draw.chance(0.5) ? ' ' : '')}`)).not.toBeNull();
  }
});

describe('megabytes of one word', () => {
  const many = 2_000_000;
  const start = '(declare-const X_0 Real)(assert (<= X_0 ';
  test.each([
    ['open brackets', '('.repeat(many)],
    ['open brackets of an assertion', `${start}${'(+ '.repeat(many)}`],
    ['closing brackets', ')'.repeat(many)],
    ['spaces', ' '.repeat(many)],
    ['comments', ';;;\n'.repeat(many)],
    ['one comment', `;${'x'.repeat(many)}`],
    ['digits', `${start}${'9'.repeat(many)}`],
    ['letters', 'x'.repeat(many)],
    ['letters without end', `${start}${'X_0'.repeat(many)}`],
    ['a quotation without end', `(vnnlib-version <2.0>)"${'\\"'.repeat(many)}`],
    ['operators', `${start}(${'<'.repeat(many)}`],
    ['zeros', '\0'.repeat(many)],
    [
      'a list of inputs',
      `(vnnlib-version <2.0>)(declare-network f (declare-input X real [${'1,'.repeat(many)}`,
    ],
  ])('%s', (_, text) => {
    expect(refusal(text)).not.toBeNull();
  });

  test('a condition nested as deep as brackets go', () => {
    const deep = `${'(and (or (<= Y_0 0) '.repeat(400)}(<= X_0 1)${'))'.repeat(400)}`;
    const declared =
      '(declare-const X_0 Real)(declare-const Y_0 Real)(assert (and (<= X_0 2) (>= X_0 0)))';
    expect(refusal(`${declared}(assert ${deep})`)).toBeNull();
  });
});
