/** Random queries against their own meaning: parsing, disjuncts and the exact check of a witness. */
import { describe, expect, test } from 'vitest';
import type { Box } from '../../src/vnnlib/box.ts';
import { LOWER_OPEN, UPPER_OPEN } from '../../src/vnnlib/box.ts';
import { holds } from '../../src/vnnlib/holds.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { type Disjunct, type Problem, problemOf } from '../../src/vnnlib/problem.ts';
import { Draw } from '../generators/draw.ts';
import { randomQuery } from './random-query.ts';

function isInside({ lower, upper, open }: Box, values: readonly number[]): boolean {
  return [...open].every((bits, i) => {
    const [value, low, high] = [values[i] ?? NaN, lower[i] ?? NaN, upper[i] ?? NaN];
    const above = (bits & LOWER_OPEN) === 0 ? value >= low : value > low;
    return above && ((bits & UPPER_OPEN) === 0 ? value <= high : value < high);
  });
}

/** Every number of these queries is a small dyadic: float64 sums are exact. */
function isSatisfied({ box, rows }: Disjunct, values: readonly number[]): boolean {
  const meets = rows.every(({ variables, coefficients, bound, isStrict }) => {
    const sum = variables.reduce((s, v, i) => s + (coefficients[i] ?? NaN) * (values[v] ?? NaN), 0);
    return isStrict ? sum < bound : sum <= bound;
  });
  return meets && isInside(box, values);
}

const isMet = (problem: Problem, values: readonly number[]): boolean =>
  [...problem.disjuncts()].some((disjunct) => isSatisfied(disjunct, values));

const SLICES = 10;
const QUERIES = 60;

describe('the disjuncts of a random query hold exactly where the query does', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', (slice) => {
    let [met, unmet] = [0, 0];
    for (let i = 0; i < QUERIES; i++) {
      const seed = slice * QUERIES + i;
      const { text, inputs, variables, isTrueAt } = randomQuery(seed);
      const query = parseVnnlib(text);
      expect([query.inputCount, query.variableCount], `for ${text}`).toEqual([inputs, variables]);
      const problem = problemOf(query);
      const nearest = problemOf(query, { constants: 'nearest' });
      const draw = new Draw(seed + 1);
      for (let k = 0; k < 40; k++) {
        const values = draw.list(variables, () => draw.integer(-10, 10) / 4);
        const truth = isTrueAt(values);
        const point = `${text}\nat ${values.join(' ')}`;
        expect(holds(query, values), `for ${point}`).toBe(truth);
        expect(isMet(problem, values), `for ${point}`).toBe(truth);
        expect(isMet(nearest, values), `for ${point}`).toBe(truth);
        if (problem.contradiction) expect(truth, `for ${point}`).toBe(false);
        if (truth) met++;
        else unmet++;
      }
    }
    expect(Math.min(met, unmet)).toBeGreaterThan(QUERIES);
  });
});
