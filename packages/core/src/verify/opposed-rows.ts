/**
 * Conjunctions that no point satisfies, whatever the network: two of their rows bound the same sum from both
 * sides, and leave nothing between. No box around where the sum is near would ever be closed by one of them.
 */
import { addUp } from '../tensor/float64.ts';
import type { Row } from '../vnnlib/constraint.ts';

/** Whether two of the rows cannot hold together. */
export function areOpposed(rows: readonly Row[]): boolean {
  return rows.some((row, i) => rows.slice(i + 1).some((other) => exclude(row, other)));
}

/** Of Σ c·v ≤ a and Σ −c·v / k ≤ b: 0 ≤ a + k·b, < where either is strict. */
function exclude(row: Row, other: Row): boolean {
  const scale = scaleOf(row, other);
  if (scale === null) return false;
  const left = addUp(row.bound, scale * other.bound);
  return left < 0 || (left === 0 && (row.isStrict || other.isStrict));
}

/** The k by which the other's coefficients are the negatives; a power of two, so that products are exact. */
function scaleOf(row: Row, other: Row): number | null {
  const { variables, coefficients } = row;
  const isExact = row.spread === null && other.spread === null;
  if (!isExact || variables.length !== other.variables.length) return null;
  const scale = -(coefficients[0] ?? 0) / (other.coefficients[0] ?? 0);
  if (!(scale > 0) || !Number.isInteger(Math.log2(scale))) return null;
  const isOpposite = variables.every(
    (variable, i) =>
      variable === other.variables[i] &&
      (coefficients[i] ?? 0) === -scale * (other.coefficients[i] ?? 0),
  );
  return isOpposite ? scale : null;
}
