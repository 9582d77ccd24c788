/** Max pooling: the greatest of a window's elements that are not padding. */
import type { Family } from './evaluator.ts';
import { build, indicesOf, operandOf, read } from './value.ts';

export const pooling: Family<'maxPool'> = {
  maxPool: (g, operands, shape) => {
    const x = operandOf(operands);
    return build(shape, ([n = 0, c = 0, ...q]) => {
      let most = -Infinity;
      for (const k of indicesOf(g.kernel)) {
        const p = q.map(
          (at, i) =>
            at * (g.strides[i] ?? 1) - (g.padBefore[i] ?? 0) + (k[i] ?? 0) * (g.dilations[i] ?? 1),
        );
        const inside = p.every((at, i) => at >= 0 && at < (x.shape[i + 2] ?? 0));
        if (inside) most = Math.max(most, read(x, [n, c, ...p]));
      }
      return most;
    });
  },
};
