/**
 * Sparse linear expressions over variables, with float32 coefficients: sums of them are taken only where they are
 * exact, so that what is written with them is the same function over the reals.
 */

export interface Expression {
  /** Ascending. */
  readonly variables: readonly number[];
  readonly coefficients: readonly number[];
  readonly constant: number;
}

/** A part of a sum: so many times an expression. */
export interface Share {
  readonly factor: number;
  readonly of: Expression;
}

export const variable = (id: number): Expression => ({
  variables: [id],
  coefficients: [1],
  constant: 0,
});

export const constantly = (constant: number): Expression => ({
  variables: [],
  coefficients: [],
  constant,
});

/** A sum; null where it is not exact in float32. */
export function sum(shares: readonly Share[], constant = 0): Expression | null {
  const totals = new Map<number, number>();
  let beside: number = constant;
  for (const { factor, of } of shares) {
    for (const [k, id] of of.variables.entries()) {
      // Both are float32: their product is exact.
      const total = exactSum(totals.get(id) ?? 0, factor * (of.coefficients[k] ?? 0));
      if (Number.isNaN(total)) return null;
      totals.set(id, total);
    }
    beside = exactSum(beside, factor * of.constant);
  }
  const kept = [...totals].filter(([, value]) => value !== 0).toSorted(([a], [b]) => a - b);
  const isExact = [beside, ...kept.map(([, value]) => value)].every(
    (value) => Math.fround(value) === value,
  );
  if (!isExact) return null;
  return {
    variables: kept.map(([id]) => id),
    coefficients: kept.map(([, value]) => value),
    constant: beside,
  };
}

/** NaN where float64 does not hold it (TwoSum, Knuth 1969). */
function exactSum(x: number, y: number): number {
  const total = x + y;
  const second = total - x;
  return x - (total - second) + (y - second) === 0 ? total : Number.NaN;
}

/** The same for equal expressions alone; `sign` −1: that of the expression's negative. */
export function keyOf({ variables, coefficients, constant }: Expression, sign: 1 | -1 = 1): string {
  const signed = (value: number): number => (value === 0 ? 0 : sign * value);
  return `${variables.join()};${coefficients.map(signed).join()};${signed(constant)}`;
}
