/**
 * A variance as a runtime may compute it. The ONNX standard writes it E[x²] − E[x]² (the function body
 * of LayerNormalization) and some kernels take it so, in one pass: its rounding is relative to E[x²],
 * not to the variance. The same holds of sums over windows of squares, which kernels slide along an axis,
 * adding at one end and taking off at the other. The value itself is the identity; only the range knows.
 */
import { known, type Shape } from '../dimension.ts';
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import {
  axesBehind,
  type Bounds,
  isPoint,
  type OpDefinition,
  type RoundingModel,
  ShapeError,
} from './definition.ts';
import { varianceEnds } from './least-variance.ts';
import { magnitude, outwardBy } from './outward.ts';
import { pair } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /**
     * Operands: a variance of x, of size 1 or of any along the axes, and x; errors are relative to x² over these.
     * `about`: the mean, of a variance proper; or any other mean of squares.
     */
    inexactVariance: { readonly axes: readonly number[]; readonly about: 'mean' | 'other' };
  }
}

function counted(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * known(shape[axis] ?? 1, 'a normalised axis'), 1);
}

/**
 * E[x²] of n elements is off by γ_{n+2}·E[x²], E[x]² by at most twice as much, their difference by one
 * more rounding: γ_{4n+16}·E[x²] covers all of it.
 */
function roundings(node: { readonly shape: Node['shape'] }, axes: readonly number[]): number {
  return 4 * counted(node.shape, axes) + 16;
}

function errorOf(b: Builder, axes: readonly number[], x: Bounds, rounding: RoundingModel): Node {
  const n = roundings(x.lower, axes);
  const network = rounding.gamma(n) - rounding.own(n);
  const size = magnitude(b, x);
  const squares = b.sum(b.mul(size, size), axes, true);
  // 1/count, with room for the rounding of this sum.
  const share = (network * (1 + 4 * rounding.own(n))) / ((n - 16) / 4);
  return b.mul(squares, share);
}

export const inexact: { readonly inexactVariance: OpDefinition<'inexactVariance'> } = {
  inexactVariance: {
    kind: 'coupled',
    lifted: axesBehind,
    infer: ({ axes }, operands) => {
      const [variance, x] = pair(operands);
      const kept = (shape: Shape): Shape => shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
      if (String(kept(variance.shape)) !== String(kept(x.shape))) {
        throw new ShapeError('a variance does not have the shape of what it was taken of');
      }
      return variance;
    },
    emit: (e, _node, operands) => e.node('Identity', [e.nameOf(pair(operands)[0])]),
    gradient: ({ cotangent }, operand) => (operand === 0 ? cotangent : undefined),
    evaluationError: ({ b, node, operands, rounding }) =>
      b.expand(errorOf(b, node.attributes.axes, pair(operands)[1], rounding), node.shape),
    // The identity but for that rounding.
    planes: ({ b, node, centres, operands, rounding }) => {
      const [, x] = pair(operands);
      const [centre] = centres;
      const error = errorOf(b, node.attributes.axes, x, rounding);
      return (
        centre && {
          lower: b.sub(centre, error),
          upper: b.add(centre, error),
          carry: (i, { positive, negative }) => (i === 0 ? b.add(positive, negative) : undefined),
          spread: (i, reach) => (i === 0 ? reach : b.mul(centre, 0)),
          terms: 1,
        }
      );
    },
    range: ({ b, node, operands, rounding }) => {
      const [variance, x] = pair(operands);
      const { axes, about } = node.attributes;
      const error = errorOf(b, axes, x, rounding);
      if (about !== 'mean' || isPoint(x)) return outwardBy(b, variance, error);
      const own = varianceEnds(b, x, axes, counted(x.lower.shape, axes), rounding);
      const lower = b.max(variance.lower, own.lower);
      return outwardBy(b, { lower, upper: b.min(variance.upper, own.upper) }, error);
    },
  },
};
