/** Inputs that every disjunct holds equal: one stands for all of them, and the others vary no more. */
import type { Row } from '../vnnlib/constraint.ts';
import type { Disjunct } from '../vnnlib/problem.ts';

/** For each joint input the first one that it equals, itself where there is none. */
export function tiesOf(disjuncts: readonly Disjunct[], inputCount: number): Int32Array {
  const ties = Int32Array.from({ length: inputCount }, (_, i) => i);
  const [first, ...others] = disjuncts;
  const differences = (first?.rows ?? []).filter(isDifference);
  if (differences.length === 0) return ties;
  // Rows that the whole query asks for are the same objects in every disjunct.
  const elsewhere = others.map(({ rows }) => new Set(rows));
  const always = differences.filter((row) => elsewhere.every((rows) => rows.has(row)));
  const known = new Set(always.map((row) => orderOf(row).join()));
  for (const row of always) {
    const [greater, less] = orderOf(row);
    if (!known.has([less, greater].join())) continue;
    const [a, b] = [ties[greater] ?? greater, ties[less] ?? less];
    const [stays, goes] = [Math.min(a, b), Math.max(a, b)];
    ties.forEach((own, i) => {
      if (own === goes) ties[i] = stays;
    });
  }
  return ties;
}

/** Whether a row says no more than that inputs are equal which stand for each other. */
export function isTie(row: Row, ties: Int32Array): boolean {
  if (row.isStrict || !isDifference(row)) return false;
  const [a = 0, b = 0] = row.variables;
  return ties[a] === ties[b];
}

/** x − y ≤ 0 of two inputs, exactly. */
function isDifference({ variables, coefficients, spread, bound, isOfInputs }: Row): boolean {
  const [a = 0, b = 0] = coefficients;
  return isOfInputs && variables.length === 2 && !spread && bound === 0 && a * b < 0 && a === -b;
}

/** Of x − y ≤ 0: x, then y. */
function orderOf({ variables, coefficients }: Row): readonly [number, number] {
  const [a = 0, b = 0] = variables;
  return (coefficients[0] ?? 0) > 0 ? [a, b] : [b, a];
}
