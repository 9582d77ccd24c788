/**
 * The rows of disjuncts as programs take them: float32 coefficients over the joint vector, and what their
 * rounding may hide. A row is Σ c·v ≤ bound (or <), so a box on which c·v stays above bound is refuted.
 */
import { addUp } from '../tensor/float64.ts';
import type { Disjunct } from '../vnnlib/problem.ts';
import type { Row } from '../vnnlib/constraint.ts';

export interface Specification {
  readonly rows: readonly Row[];
  /** [rows × variables], to the nearest float32. */
  readonly coefficients: Float32Array;
  /** How far each true coefficient may be from that; null where none is. */
  readonly spread: Float32Array | null;
}

export function specificationOf({ rows }: Pick<Disjunct, 'rows'>, width: number): Specification {
  const coefficients = new Float32Array(rows.length * width);
  const spread = new Float32Array(rows.length * width);
  let isExact = true;
  rows.forEach((row, k) => {
    row.variables.forEach((variable, i) => {
      const own = row.coefficients[i] ?? 0;
      const at = k * width + variable;
      coefficients[at] = own;
      // Twice the float64 sum, so that its own rounding to float32 is covered.
      const error = addUp(Math.abs(own - (coefficients[at] ?? 0)), row.spread?.[i] ?? 0);
      if (error === 0) return;
      spread[at] = Math.max(2 * error, 2 ** -140);
      isExact = false;
    });
  });
  return { rows, coefficients, spread: isExact ? null : spread };
}

/** Whether some row cannot hold where its left side is at least `least[k]`. */
export function isRefuted({ rows }: Specification, least: ArrayLike<number>, from = 0): boolean {
  return rows.some((row, k) => isAbove(row, least[from + k] ?? NaN));
}

/** NaN is above nothing. */
export function isAbove(
  { bound, isStrict }: Pick<Row, 'bound' | 'isStrict'>,
  least: number,
): boolean {
  return isStrict ? least >= bound : least > bound;
}

/**
 * The least of a row of one variable over its ends, exactly: nothing is rounded, so that a bound which is attained
 * is reached. NaN for other rows.
 */
export function leastOfOne(
  coefficients: Float32Array,
  { lower, upper }: { readonly lower: Float32Array; readonly upper: Float32Array },
): number {
  const at = coefficients.findIndex((coefficient) => coefficient !== 0);
  const isOne = coefficients.every((coefficient, i) => coefficient === 0 || i === at);
  const coefficient = coefficients[at];
  if (!isOne || coefficient === undefined) return NaN;
  // A product of two float32 numbers is a float64.
  return coefficient * ((coefficient > 0 ? lower[at] : upper[at]) ?? NaN);
}
