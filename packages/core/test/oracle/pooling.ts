/** Pooling: the greatest of a window's elements that are not padding; the mean of those that count. */
import type { AverageGeometry } from '../../src/graph/ops/average-pooling.ts';
import type { PoolGeometry } from '../../src/graph/ops/pooling.ts';
import type { Family } from './evaluator.ts';
import { build, indicesOf, operandOf, read } from './value.ts';

/** Positions of window q's taps on all axes. */
function tapsOf(g: PoolGeometry, q: readonly number[]): number[][] {
  return [...indicesOf(g.kernel)].map((k) =>
    q.map(
      (at, i) =>
        at * (g.strides[i] ?? 1) - (g.padBefore[i] ?? 0) + (k[i] ?? 0) * (g.dilations[i] ?? 1),
    ),
  );
}

const counts = ({ counted }: AverageGeometry, tap: readonly number[]): boolean =>
  tap.every((at, i) => at >= (counted[i]?.[0] ?? 0) && at < (counted[i]?.[1] ?? 0));

export const pooling: Family<'maxPool' | 'averagePool'> = {
  maxPool: (g, operands, shape) => {
    const x = operandOf(operands);
    return build(shape, ([n = 0, c = 0, ...q]) => {
      let most = -Infinity;
      for (const tap of tapsOf(g, q)) {
        const inside = tap.every((at, i) => at >= 0 && at < (x.shape[i + 2] ?? 0));
        if (inside) most = Math.max(most, read(x, [n, c, ...tap]));
      }
      return most;
    });
  },
  averagePool: (g, operands, shape) => {
    const x = operandOf(operands);
    return build(shape, ([n = 0, c = 0, ...q]) => {
      let [sum, count] = [0, 0];
      for (const tap of tapsOf(g, q)) {
        const inside = tap.every((at, i) => at >= 0 && at < (x.shape[i + 2] ?? 0));
        if (inside) sum += read(x, [n, c, ...tap]);
        if (counts(g, tap)) count++;
      }
      return sum / count;
    });
  },
};
