/** Sums, maxima and smooth maxima over axes: every element of the operand falls into one element of the result. */
import type { Family } from './evaluator.ts';
import { type Index, indicesOf, operandOf, positionOf, read, type Value } from './value.ts';

function reduce(
  x: Value,
  { axes, keep }: { readonly axes: Index; readonly keep: boolean },
  start: number,
  join: (so: number, far: number) => number,
): Value {
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const total = kept.reduce((product, dim) => product * dim, 1);
  const result = { shape: kept, data: new Float64Array(total).fill(start) };
  for (const index of indicesOf(x.shape)) {
    const to = positionOf(
      result,
      index.map((i, axis) => (axes.includes(axis) ? 0 : i)),
    );
    result.data[to] = join(result.data[to] ?? start, read(x, index));
  }
  return keep ? result : { ...result, shape: kept.filter((_, axis) => !axes.includes(axis)) };
}

/** ln(eˣ + eʸ); −∞ is the logarithm of nothing. */
function logAddExp(x: number, y: number): number {
  if (x === -Infinity) return y;
  return Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)));
}

export const reductions: Family<'reduceSum' | 'reduceMax' | 'reduceLogSumExp' | 'reduceL2'> = {
  reduceSum: (attributes, operands) =>
    reduce(operandOf(operands), attributes, 0, (sum, element) => sum + element),
  reduceMax: (attributes, operands) => reduce(operandOf(operands), attributes, -Infinity, Math.max),
  reduceLogSumExp: (attributes, operands) =>
    reduce(operandOf(operands), attributes, -Infinity, logAddExp),
  reduceL2: (attributes, operands) =>
    reduce(operandOf(operands), attributes, 0, (length, element) => Math.hypot(length, element)),
};
