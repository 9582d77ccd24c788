/** Matrix products: with constant weights on either side, of two values, of two constants. */
import type { Measured, Recipe, Recipes, Workshop } from './workshop.ts';

const reach = ({ low, high }: Measured): number => Math.max(Math.abs(low), Math.abs(high));

/** The product of matrices whose sum runs over `inner` elements. */
function multiplied(
  w: Workshop,
  [x, y]: readonly [Measured, Measured],
  inner: number,
  flags: { transA?: boolean; transB?: boolean } = {},
): Measured {
  const node = w.b.push('matMul', [x.node, y.node], {
    transA: flags.transA ?? false,
    transB: flags.transB ?? false,
  });
  const most = inner * reach(x) * reach(y);
  return w.measured(node, -most, most);
}

/** [batch, k]·W, as a dense layer does; W sometimes stored transposed. */
function dense(w: Workshop, source: Measured): Measured {
  const inner = w.draw.integer(2, 6);
  const outer = w.draw.integer(1, 5);
  const transB = w.draw.chance(0.5);
  const weights = w.constant(transB ? [outer, inner] : [inner, outer]);
  return multiplied(w, [w.fitted(source, [inner]), weights], inner, { transB });
}

/** [batch, k]·(V·W): the weights are themselves a product. */
function factored(w: Workshop, source: Measured): Measured {
  const [inner, middle, outer] = [w.draw.integer(2, 4), w.draw.integer(1, 3), w.draw.integer(1, 4)];
  const [transA, transB] = [w.draw.chance(0.5), w.draw.chance(0.5)];
  const left = w.constant(transA ? [middle, inner] : [inner, middle]);
  const right = w.constant(transB ? [outer, middle] : [middle, outer]);
  const weights = multiplied(w, [left, right], middle, { transA, transB });
  return multiplied(w, [w.fitted(source, [inner]), weights], inner);
}

/** A stack of matrices [batch, m, k] times one constant matrix, on either side. */
function stacked(w: Workshop, source: Measured): Measured {
  const [m, k, n] = [w.draw.integer(1, 3), w.draw.integer(1, 4), w.draw.integer(1, 3)];
  const [transA, transB] = [w.draw.chance(0.5), w.draw.chance(0.5)];
  const left = transA ? [k, m] : [m, k];
  const right = transB ? [n, k] : [k, n];
  const operands: [Measured, Measured] = w.draw.chance(0.5)
    ? [w.fitted(source, left), w.constant(right)]
    : [w.constant(left), w.fitted(source, right)];
  return multiplied(w, operands, k, { transA, transB });
}

/** Two values multiplied row by row, as in attention; one may have a leading axis of 1. */
function attended(w: Workshop, source: Measured): Measured {
  const [m, k, n] = [w.draw.integer(1, 3), w.draw.integer(1, 4), w.draw.integer(1, 3)];
  const [transA, transB] = [w.draw.chance(0.5), w.draw.chance(0.5)];
  const heads = w.draw.chance(0.4) ? 2 : 0;
  const lead = heads > 0 ? [heads] : [];
  const shared = heads > 0 ? [w.draw.pick([1, heads])] : [];
  const left = w.fitted(source, [...lead, ...(transA ? [k, m] : [m, k])]);
  const right = w.fitted(w.draw.pick(w.pool), [...shared, ...(transB ? [n, k] : [k, n])]);
  return multiplied(w, [left, right], k, { transA, transB });
}

const kinds: readonly Recipe[] = [dense, dense, factored, stacked, attended];

export const contractions: Recipes<'matMul'> = {
  matMul: (w, source) => w.draw.pick(kinds)(w, source),
};
