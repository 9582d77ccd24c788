import { describe, expect, test } from 'vitest';
import { compare, dyadic, opposite, product, sum } from '../../src/vnnlib/dyadic.ts';
import { holds } from '../../src/vnnlib/holds.ts';
import { parseVnnlib } from '../../src/vnnlib/parse.ts';
import { problemOf } from '../../src/vnnlib/problem.ts';
import { Draw } from '../generators/draw.ts';
import { declare } from './pieces.ts';

const query = (condition: string): ReturnType<typeof parseVnnlib> =>
  parseVnnlib(`${declare(1, 1)}(assert ${condition})`);

describe('a witness', () => {
  test('meets a decimal that no float equals when it is the nearest one', () => {
    const fixed = query('(and (<= X_0 4.52) (>= X_0 4.52))');
    expect(holds(fixed, [Math.fround(4.52), 0])).toBe(true);
    expect(holds(fixed, [4.52, 0])).toBe(false);
    expect(holds(fixed, [4.52, 0], 'float64')).toBe(true);
  });

  test('fails a strict comparison by nothing', () => {
    expect(holds(query('(< Y_0 X_0)'), [0.5, 0.5])).toBe(false);
    expect(holds(query('(<= Y_0 X_0)'), [0.5, 0.5])).toBe(true);
    expect(holds(query('(!= Y_0 X_0)'), [0.5, 0.5])).toBe(false);
    expect(holds(query('(== Y_0 X_0)'), [0.5, 0.5])).toBe(true);
  });

  test('is compared exactly where float64 would lose the difference', () => {
    const [big, small] = [2 ** 100, 2 ** -100];
    expect(holds(query('(< X_0 (+ X_0 Y_0))'), [big, small])).toBe(true);
    expect(holds(query('(<= (+ X_0 Y_0) X_0)'), [big, small])).toBe(false);
    const tenth = Math.fround(0.1);
    // 3·fround(0.1) is no float64's nearest neighbour of fround(0.3).
    expect(holds(query('(== (* 3 X_0) (+ X_0 X_0 X_0))'), [tenth, 0])).toBe(true);
    expect(holds(query('(== (* 3 X_0) 0.3)'), [tenth, 0])).toBe(false);
  });

  test('satisfies nothing where a value is not finite', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(holds(query('(!= Y_0 1)'), [0, value])).toBe(false);
    }
    expect(() => holds(query('(<= Y_0 1)'), [0])).toThrow('1 values for 2 variables');
  });

  test('may use products of variables, which are exact too', () => {
    expect(holds(query('(== (* X_0 Y_0) 0.125)'), [0.25, 0.5])).toBe(true);
  });
});

test('what a witness meets, the outward problem does not exclude', () => {
  const draw = new Draw(5);
  let met = 0;
  for (let i = 0; i < 2000; i++) {
    const decimal = (): string => (draw.next() * 2 - 1).toFixed(draw.integer(1, 9));
    const [low, high] = [decimal(), decimal()].sort((a, b) => Number(a) - Number(b));
    const posed = query(`(and (>= X_0 ${low}) (< X_0 ${high}) (<= (* ${decimal()} X_0) ${decimal()})
      (<= (- Y_0 (* ${decimal()} X_0)) ${decimal()}))`);
    const x = Math.fround(draw.pick([Number(low), Number(high), draw.real(-1, 1)]));
    const y = draw.real(-1, 1);
    if (!holds(posed, [x, y])) continue;
    met++;
    const [disjunct] = problemOf(posed).disjuncts();
    const { lower = [], upper = [] } = disjunct?.box ?? {};
    expect(x >= (lower[0] ?? NaN) && x <= (upper[0] ?? NaN)).toBe(true);
    const row = disjunct?.rows[0];
    const values = [x, y];
    const total = row?.variables.reduce((s, variable, k) => {
      const value = values[variable] ?? NaN;
      const slack = Math.abs(value) * (row.spread?.[k] ?? 0);
      return s + (row.coefficients[k] ?? NaN) * value - slack;
    }, 0);
    // Float64 of the sum itself: two roundings of numbers below 4.
    expect(total).toBeLessThanOrEqual((row?.bound ?? NaN) + 2 ** -50);
  }
  expect(met).toBeGreaterThan(200);
});

test('exact arithmetic agrees with float64 where that is exact, and tells what it is not', () => {
  const draw = new Draw(6);
  for (let i = 0; i < 500; i++) {
    const [a, b] = [draw.integer(-9999, 9999) / 64, draw.integer(-9999, 9999) / 8];
    expect(compare(sum(dyadic(a), dyadic(b)), dyadic(a + b))).toBe(0);
    expect(compare(product(dyadic(a), dyadic(b)), dyadic(a * b))).toBe(0);
    expect(compare(dyadic(a), dyadic(b))).toBe(Math.sign(a - b));
    expect(compare(opposite(dyadic(a)), dyadic(-a))).toBe(0);
  }
  expect(compare(sum(dyadic(1), dyadic(5e-324)), dyadic(1))).toBe(1);
  expect(compare(dyadic(-Number.MAX_VALUE), dyadic(Number.MAX_VALUE))).toBe(-1);
  expect(() => dyadic(NaN)).toThrow('NaN has no exact value');
});
