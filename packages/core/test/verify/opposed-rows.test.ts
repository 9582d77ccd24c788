/** Rows that cannot hold together are found out before any box is bounded; others are left to the search. */
import { expect, test } from 'vitest';
import { areOpposed } from '../../src/verify/opposed-rows.ts';
import type { Row } from '../../src/vnnlib/constraint.ts';

function row(coefficients: readonly number[], bound: number, more: Partial<Row> = {}): Row {
  const variables = Int32Array.from(coefficients, (_, i) => i);
  const own = { spread: null, isStrict: false, isOfInputs: false, at: 0 };
  return { variables, coefficients: Float64Array.from(coefficients), bound, ...own, ...more };
}

test.each<readonly [string, Row, Row, boolean]>([
  ['y ≤ 1 and y ≥ 2', row([1], 1), row([-1], -2), true],
  ['2y ≤ 1 and y ≥ 1', row([2], 1), row([-1], -1), true],
  ['y ≤ 1 and y ≥ 1', row([1], 1), row([-1], -1), false],
  ['y < 1 and y ≥ 1', row([1], 1, { isStrict: true }), row([-1], -1), true],
  ['y ≤ 2 and y ≥ 1', row([1], 2), row([-1], -1), false],
  ['y ≤ 1 and y ≤ 2', row([1], 1), row([1], 2), false],
  ['y − z ≤ 0 and z − y ≤ −1', row([1, -1], 0), row([-1, 1], -1), true],
  ['y − z ≤ 0 and z − 2y ≤ −1', row([1, -1], 0), row([-2, 1], -1), false],
  ['y ≤ 1 and z ≥ 2', row([1], 1), row([-1], -2, { variables: Int32Array.of(1) }), false],
  ['about y ≤ 1 and y ≥ 2', row([1], 1, { spread: Float64Array.of(0.1) }), row([-1], -2), false],
])('%s', (_, first, second, expected) => {
  expect(areOpposed([first, second])).toBe(expected);
  expect(areOpposed([second, first])).toBe(expected);
});

test('thirds of a sum are no exact multiples: such rows are left to the search', () => {
  expect(areOpposed([row([3], 1), row([-1], -1)])).toBe(false);
});
