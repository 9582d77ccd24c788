/** Softmax and its logarithm, and the layers that inference turns into affine maps: batch normalisation and dropout. */
import { floats } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import { known, type Shape } from '../dimension.ts';
import type { Node, NodeOf } from '../graph.ts';
import { axisBehind, type Bounds, type OpDefinition, ShapeError } from './definition.ts';
import { magnitude, outward, outwardBy, TINY } from './outward.ts';
import { logSoftmaxPlanes } from './log-sum-planes.ts';
import { only } from './operands.ts';
import { softmaxPlanes } from './softmax-planes.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    softmax: { readonly axis: number };
    logSoftmax: { readonly axis: number };
    /** Operands x, scale, shift, mean, variance (each [channels]); inference mode. */
    batchNorm: { readonly epsilon: number };
    /** The identity at inference. */
    dropout: { readonly ratio: number };
  }
}

type Normalisation = 'softmax' | 'logSoftmax' | 'batchNorm' | 'dropout';

/** A [channels] vector shaped to broadcast over x's axis 1. */
function perChannel(b: Builder, vector: Node, x: { readonly shape: Shape }): Node {
  return b.reshape(
    vector,
    x.shape.map((_, i) => (i === 1 ? (vector.shape[0] ?? 1) : 1)),
  );
}

/** 1/√(variance + ε)·scale, in float64 where both are constants. */
function channelScale(b: Builder, scale: Node, variance: Node, epsilon: number): Node {
  if (scale.op === 'constant' && variance.op === 'constant') {
    const [s, v] = [scale, variance].map((node) =>
      Float64Array.from(node.attributes.tensor.data, Number),
    );
    const values = (v ?? []).map((value, i) => (s?.[i] ?? 0) / Math.sqrt(value + epsilon));
    const isBlurred = (value: number): boolean => value !== 0 && Math.abs(value) < TINY;
    // What float32 would round by more than its unit is left to be computed, and bounded.
    if (!values.some(isBlurred)) return b.constant(floats(values));
  }
  return b.div(scale, b.sqrt(b.add(variance, epsilon)));
}

/** Of a component, relative and absolute. */
const SOFTMAX_ERROR = [2 ** -16, 2 ** -20] as const;

interface Others {
  /** Σ_{j≠i} e^{x_j − top} for every i. */
  readonly sum: Node;
  readonly top: Node;
}

/**
 * The other elements' exponentials: at their greatest, rounded up, and at their least, rounded down.
 * Each sum is taken relative to its own greatest term, so that none of them vanishes over a wide box.
 * The others' sum is a difference, whose error is relative to the whole sum.
 */
function othersOf(b: Builder, x: Bounds, axis: number): [most: Others, least: Others] {
  const count = known(x.lower.shape[axis] ?? 1, 'the softmax axis');
  const error = 2 ** -17 + count * 2 ** -22;
  const at = (end: Node, sign: 1 | -1): Others => {
    const top = b.maximum(end, [axis], true);
    const powers = b.exp(b.sub(end, top));
    const total = b.sum(powers, [axis], true);
    return { sum: b.add(b.sub(total, powers), b.mul(total, sign * error)), top };
  };
  const least = at(x.lower, -1);
  return [at(x.upper, 1), { ...least, sum: b.max(least.sum, 0) }];
}

interface Ranged<K extends 'softmax' | 'logSoftmax'> {
  readonly b: Builder;
  readonly node: NodeOf<K>;
  readonly operands: readonly Bounds[];
}

/**
 * Component i is 1 / (1 + Σ_{j≠i} e^{x_j − x_i}): least where x_i is least and the others are greatest.
 */
function softmaxEnds({ b, node, operands }: Ranged<'softmax'>): Bounds {
  const x = only(operands);
  // Beyond e^80 the component is 0 up to the outward rounding below; infinities are avoided.
  const component = (others: Node, top: Node, own: Node): Node =>
    b.reciprocal(b.add(b.mul(others, b.exp(b.min(b.sub(top, own), 80))), 1));
  const [most, least] = othersOf(b, x, node.attributes.axis);
  const ends = {
    lower: component(most.sum, most.top, x.lower),
    upper: component(least.sum, least.top, x.upper),
  };
  return outward(b, ends, ...SOFTMAX_ERROR);
}

/** x_i − ln(e^{x_i} + Σ_{j≠i} e^{x_j}), both exponents taken relative to the greater one. */
function logSoftmaxEnds({ b, node, operands }: Ranged<'logSoftmax'>): Bounds {
  const x = only(operands);
  const { axis } = node.attributes;
  const component = (others: Node, top: Node, own: Node): Node => {
    const most = b.max(top, own);
    const relative = b.sub(own, most);
    const sum = b.add(b.mul(others, b.exp(b.sub(top, most))), b.exp(relative));
    return b.sub(relative, b.log(sum));
  };
  const [most, least] = othersOf(b, x, axis);
  const ends = {
    lower: component(most.sum, most.top, x.lower),
    upper: component(least.sum, least.top, x.upper),
  };
  // A runtime may subtract the logarithm of the whole sum, of the size of the greatest element.
  const size = b.maximum(magnitude(b, x), [axis], true);
  const count = known(x.lower.shape[axis] ?? 1, 'the softmax axis');
  const error = b.add(b.mul(size, 2 ** -21), 2 ** -16 + count * 2 ** -22);
  return outwardBy(b, outward(b, ends, 2 ** -19), error);
}

export const normalisations: { readonly [K in Normalisation]: OpDefinition<K> } = {
  softmax: {
    kind: 'coupled',
    lifted: axisBehind,
    // The rows and columns of diag(p) − ppᵀ sum to 2p(1 − p) at most.
    lipschitz: ({ changes: [change = 0] }) => change / 2,
    evaluationError: ({ b }, output) =>
      b.add(b.mul(magnitude(b, output), SOFTMAX_ERROR[0]), SOFTMAX_ERROR[1]),
    infer: (_, operands) => only(operands),
    emit: (e, { attributes: { axis } }, operands) =>
      e.node('Softmax', [e.nameOf(only(operands))], { axis }),
    gradient: ({ b, node, output, cotangent }) => {
      const weighted = b.mul(output, cotangent);
      const mean = b.sum(weighted, [node.attributes.axis], true);
      return b.sub(weighted, b.mul(output, mean));
    },
    planes: (context) => softmaxPlanes(context, softmaxEnds(context)),
    range: softmaxEnds,
  },
  logSoftmax: {
    kind: 'coupled',
    lifted: axisBehind,
    infer: (_, operands) => only(operands),
    emit: (e, { attributes: { axis } }, operands) =>
      e.node('LogSoftmax', [e.nameOf(only(operands))], { axis }),
    gradient: ({ b, node, output, cotangent }) => {
      const total = b.sum(cotangent, [node.attributes.axis], true);
      return b.sub(cotangent, b.mul(b.exp(output), total));
    },
    planes: (context) => logSoftmaxPlanes(context, logSoftmaxEnds(context)),
    range: logSoftmaxEnds,
  },
  batchNorm: {
    kind: 'linear',
    lifted: 'first',
    infer: (_, operands) => only(operands),
    emit: (e, { attributes: { epsilon } }, operands) =>
      e.node(
        'BatchNormalization',
        operands.map((operand) => e.nameOf(operand)),
        { epsilon: { float: epsilon } },
      ),
    lower: (b, node, operands) => {
      const [x, scale, shift, mean, variance] = operands;
      if (!x || !scale || !shift || !mean || !variance) {
        throw new ShapeError('a batch normalisation has five operands');
      }
      const factor = channelScale(b, scale, variance, node.attributes.epsilon);
      const centred = b.sub(x, perChannel(b, mean, x));
      return b.add(b.mul(centred, perChannel(b, factor, x)), perChannel(b, shift, x));
    },
  },
  dropout: {
    kind: 'structural',
    infer: (_, operands) => only(operands),
    emit: (e, _node, operands) => e.node('Identity', [e.nameOf(only(operands))]),
    lower: (_b, _node, operands) => only(operands),
  },
};
