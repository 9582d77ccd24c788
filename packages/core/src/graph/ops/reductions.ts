/** Sums, maxima and smooth maxima over constant axes. */
import { integers } from '../../tensor/tensor.ts';
import { type Dimension, known, printShape, type Shape } from '../dimension.ts';
import type { Builder } from '../builder.ts';
import type { Node, NodeOf, ValueType } from '../graph.ts';
import {
  axesBehind,
  type Bounds,
  isPoint,
  type OpDefinition,
  type RoundingModel,
  ShapeError,
} from './definition.ts';
import { reducedPlanes } from './greatest-planes.ts';
import { logSumExpPlanes } from './log-sum-planes.ts';
import { normPlanes } from './norm-planes.ts';
import { fusedError, magnitude, outward, outwardBy } from './outward.ts';
import { atLeastOne, only } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** `keep` leaves the summed axes with size 1. Axes are ascending and not negative. */
    reduceSum: { readonly axes: readonly number[]; readonly keep: boolean };
    reduceMax: { readonly axes: readonly number[]; readonly keep: boolean };
    /** ln Σ eˣ. */
    reduceLogSumExp: { readonly axes: readonly number[]; readonly keep: boolean };
    /** √Σx². Its gradient at the vector of zeros is 0, the least of its subgradients. */
    reduceL2: { readonly axes: readonly number[]; readonly keep: boolean };
  }
}

type Reduction = 'reduceSum' | 'reduceMax' | 'reduceLogSumExp' | 'reduceL2';
interface Axes {
  readonly axes: readonly number[];
  readonly keep: boolean;
}

function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}

function inferReduction({ axes, keep }: Axes, operands: readonly ValueType[]): ValueType {
  const { type, shape } = only(operands);
  if (axes.some((axis) => axis < 0 || axis >= shape.length)) {
    throw new ShapeError(`axes ${printShape(axes)} are outside ${printShape(shape)}`);
  }
  return {
    type,
    shape: keep ? keptShape(shape, axes) : shape.filter((_, i) => !axes.includes(i)),
  };
}

/** Increasing in every |x|. The root halves the sum's relative error, but roots its underflow. */
function normEnds({
  b,
  node,
  operands,
  rounding,
}: {
  readonly b: Builder;
  readonly node: NodeOf<'reduceL2'>;
  readonly operands: readonly Bounds[];
  readonly rounding: RoundingModel;
}): Bounds {
  const x = only(operands);
  const { attributes } = node;
  const end = (value: Node): Node => b.push('reduceL2', [value], attributes);
  const count = summands(attributes.axes, x.lower.shape);
  const upper = end(magnitude(b, x));
  const away = b.max(b.max(x.lower, b.neg(x.upper)), 0);
  const ends = { lower: isPoint(x) ? upper : end(away), upper };
  const underflow = 2 * Math.sqrt(rounding.tiny(count));
  const { lower, upper: most } = outward(b, ends, rounding.gamma(count), underflow);
  return { lower: b.relu(lower), upper: most };
}

export const reductions: { readonly [K in Reduction]: OpDefinition<K> } = {
  reduceSum: {
    kind: 'linear',
    lifted: axesBehind,
    infer: inferReduction,
    emit: emitAs('ReduceSum'),
    gradient: ({ b, node, operands, cotangent }) => {
      const { shape } = only(operands);
      return b.expand(b.reshape(cotangent, keptShape(shape, node.attributes.axes)), shape);
    },
    terms: (node, operands) => summands(node.attributes.axes, only(operands).shape),
    counted: (b, { attributes }, [x]) => x && b.push('reduceSum', [x], attributes),
    range: (context) => {
      const { b, node } = context;
      const x = only(context.operands);
      const { axes, keep } = node.attributes;
      const fused = Math.max(context.fused, summands(axes, x.lower.shape));
      const error = fusedError({ ...context, fused }, b.sum(magnitude(b, x), axes, keep));
      const lower = b.sum(x.lower, axes, keep);
      const upper = b.sum(x.upper, axes, keep);
      return outwardBy(b, { lower, upper }, error);
    },
  },
  reduceMax: {
    kind: 'coupled',
    evaluationError: 'exact',
    lipschitz: ({ changes: [change = 0] }) => change,
    lifted: axesBehind,
    infer: inferReduction,
    emit: emitAs('ReduceMax'),
    // The cotangent goes to the elements that attain the maximum, in equal shares.
    gradient: ({ b, node, operands, output, cotangent }) => {
      const x = only(operands);
      const kept = keptShape(x.shape, node.attributes.axes);
      const attained = b.greaterOrEqual(x, b.reshape(output, kept));
      const each = b.div(
        b.reshape(cotangent, kept),
        atLeastOne(b, b.sum(attained, node.attributes.axes, true)),
      );
      return b.mul(attained, each);
    },
    planes: reducedPlanes,
    range: ({ b, node, operands }) => {
      const x = only(operands);
      const { axes, keep } = node.attributes;
      return { lower: b.maximum(x.lower, axes, keep), upper: b.maximum(x.upper, axes, keep) };
    },
  },
  reduceLogSumExp: {
    kind: 'coupled',
    lipschitz: ({ changes: [change = 0] }) => change,
    evaluationError: ({ b, node, operands }, output) => {
      const [relative, absolute] = smoothError(node.attributes.axes, only(operands).lower.shape);
      return b.add(b.mul(magnitude(b, output), relative), absolute);
    },
    lifted: axesBehind,
    infer: inferReduction,
    emit: emitAs('ReduceLogSumExp'),
    gradient: ({ b, node, operands, output, cotangent }) => {
      const x = only(operands);
      const kept = keptShape(x.shape, node.attributes.axes);
      const weights = b.exp(b.sub(x, b.reshape(output, kept)));
      return b.mul(weights, b.reshape(cotangent, kept));
    },
    planes: (context) => logSumExpPlanes(context, logSumExpEnds(context)),
    range: logSumExpEnds,
  },
  reduceL2: {
    kind: 'coupled',
    lifted: axesBehind,
    infer: inferReduction,
    emit: emitAs('ReduceL2'),
    // x/‖x‖; at 0, where squares may have underflowed, x itself stands for it.
    gradient: ({ b, node, operands, output, cotangent }) => {
      const x = only(operands);
      const length = b.reshape(output, keptShape(x.shape, node.attributes.axes));
      const each = b.div(b.reshape(cotangent, length.shape), divisor(b, length));
      return b.mul(x, each);
    },
    planes: (context) => {
      const count = summands(context.node.attributes.axes, only(context.operands).lower.shape);
      return normPlanes(context, count, normEnds(context));
    },
    range: normEnds,
  },
};

/** A length, or 1 where it is 0. */
function divisor(b: Builder, length: Node): Node {
  return b.where(b.greater(length, 0), length, 1);
}

/** An ONNX reduction whose axes are an operand. */
function emitAs(opType: string): OpDefinition<Reduction>['emit'] {
  return (e, { attributes: { axes, keep } }, operands) =>
    e.node(opType, [e.nameOf(only(operands)), e.constant(integers(axes))], {
      keepdims: Number(keep),
    });
}

/**
 * Increasing in every element. Relative to the greatest one, the sum lies between 1 and the number of terms,
 * and the error of each exponential and of each addition is one of its logarithm.
 */
function logSumExpEnds({
  b,
  node,
  operands,
}: {
  readonly b: Builder;
  readonly node: NodeOf<'reduceLogSumExp'>;
  readonly operands: readonly Bounds[];
}): Bounds {
  const x = only(operands);
  const { attributes } = node;
  const end = (value: Node): Node => b.push('reduceLogSumExp', [value], attributes);
  const ends = { lower: end(x.lower), upper: end(x.upper) };
  return outward(b, ends, ...smoothError(attributes.axes, x.lower.shape));
}

/** Error of ln Σ eˣ, relative and absolute. */
function smoothError(axes: readonly number[], shape: Shape): [number, number] {
  return [2 ** -19, 2 ** -18 + summands(axes, shape) * 2 ** -22];
}

function summands(axes: readonly number[], shape: Shape): number {
  return axes.reduce((product, axis) => {
    const dim: Dimension = shape[axis] ?? 1;
    return product * known(dim, 'an axis that is summed with a rounding bound');
  }, 1);
}
