/** Monotone activation functions (a leaky ReLU may be told not to be). */
import { floats } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import type { OpDefinition } from './definition.ts';
import { approximated, elementwise, holds, rounded } from './elementwise.ts';
import { sigmoidLines } from './bent-lines.ts';
import { clipLines, kinkLines } from './cornered-lines.ts';
import { convexLines, hingeLines } from './lines.ts';
import { TINY } from './outward.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    relu: object;
    leakyRelu: { readonly slope: number };
    /** Limits may be infinite. */
    clip: { readonly min: number; readonly max: number };
    sigmoid: object;
    tanh: object;
    /** ln(1 + eˣ). */
    softplus: object;
    /** x / (1 + |x|). */
    softsign: object;
    /** 2/√π · ∫₀ˣ e^(−t²) dt. */
    erf: object;
  }
}

const isHinge = (slope: number): boolean => slope >= 0 && slope < 1;

type Activation =
  'relu' | 'leakyRelu' | 'clip' | 'sigmoid' | 'tanh' | 'softplus' | 'softsign' | 'erf';

/** The multiples at which auto_LiRPA's tables of tangent points are taken, so that lines are the same. */
const TANGENT_GRID = 0.01;

/** A slope that the derivative can have. */
const clampedSlope = (b: Builder, slope: Node, most: number): Node =>
  b.min(b.max(slope, 1e-30), most);

export const activations: { readonly [K in Activation]: OpDefinition<K> } = {
  relu: elementwise<'relu'>({
    steepest: 1,
    onnx: 'Relu',
    derivative: (b, _x, y) => b.step(y),
    lines: (curve) => hingeLines(curve, 0),
    hinge: () => 0,
  }),
  leakyRelu: elementwise<'leakyRelu'>({
    steepest: ({ slope }) => Math.max(1, Math.abs(slope)),
    onnx: 'LeakyRelu',
    attributes: ({ slope }) => ({ alpha: { float: slope } }),
    derivative: (b, x, _y, { slope }) => b.add(b.mul(b.step(x), 1 - slope), slope),
    error: rounded,
    lines: (curve, { slope }) =>
      isHinge(slope) ? hingeLines(curve, slope) : kinkLines(curve, slope),
    hinge: ({ slope }) => (isHinge(slope) ? slope : undefined),
    ends: (b, bounds, at) => {
      const [low, high] = [at(bounds.lower), at(bounds.upper)];
      if (low === high) return { lower: low, upper: high };
      // Increasing for slopes ≥ 0; a negative slope has its least value 0 where the interval holds 0.
      return {
        lower: b.min(b.min(low, high), b.where(holds(b, bounds, 0), 0, low)),
        upper: b.max(low, high),
      };
    },
  }),
  clip: elementwise<'clip'>({
    steepest: 1,
    onnx: (e, x, { min, max }) => {
      const limit = (value: number): string =>
        Number.isFinite(value) ? e.constant(floats([value], [])) : '';
      return e.node('Clip', [x, limit(min), limit(max)]);
    },
    derivative: (b, x, _y, { min, max }) =>
      b.mul(b.greaterOrEqual(x, min), b.greaterOrEqual(max, x)),
    lines: (curve, { min, max }) => clipLines(curve, min, max),
  }),
  sigmoid: elementwise<'sigmoid'>({
    steepest: 0.25,
    onnx: 'Sigmoid',
    derivative: (b, _x, y) => b.mul(y, b.sub(1, y)),
    error: approximated,
    // An error e of y is one of |1 − 2y|·e here.
    derivativeError: { relative: 2 ** -22, absolute: 2 ** -19 },
    // y(1 − y) = k has its smaller root at y = 2k / (1 + √(1 − 4k)), and x = ln y/(1 − y).
    lines: (curve) =>
      sigmoidLines(curve, 1, {
        grid: TANGENT_GRID,
        inverse: (b, k) => {
          const slope = clampedSlope(b, k, 0.25);
          const root = b.sqrt(b.relu(b.sub(1, b.mul(slope, 4))));
          const y = b.div(b.mul(slope, 2), b.add(root, 1));
          return b.log(b.div(y, b.sub(1, y)));
        },
      }),
  }),
  tanh: elementwise<'tanh'>({
    steepest: 1,
    onnx: 'Tanh',
    derivative: (b, _x, y) => b.sub(1, b.mul(y, y)),
    error: approximated,
    // An error e of y is one of 2|y|·e here.
    derivativeError: { relative: 2 ** -22, absolute: 2 ** -18 },
    // 1 − y² = k at y = −√(1 − k), and x = ½ ln (1 + y)/(1 − y), where 1 + y = k / (1 + √(1 − k)).
    lines: (curve) =>
      sigmoidLines(curve, 0, {
        grid: TANGENT_GRID,
        inverse: (b, k) => {
          const slope = clampedSlope(b, k, 1);
          const more = b.add(b.sqrt(b.relu(b.sub(1, slope))), 1);
          return b.mul(b.log(b.div(slope, b.mul(more, more))), 0.5);
        },
      }),
  }),
  softplus: elementwise<'softplus'>({
    steepest: 1,
    onnx: 'Softplus',
    derivative: (b, x) => b.push('sigmoid', [x], {}),
    error: approximated,
    derivativeError: approximated,
    lines: convexLines,
  }),
  softsign: elementwise<'softsign'>({
    steepest: 1,
    onnx: 'Softsign',
    derivative: (b, x) => {
      const factor = b.reciprocal(b.add(b.abs(x), 1));
      return b.mul(factor, factor);
    },
    error: rounded,
    derivativeError: { relative: 2 ** -20, absolute: 2 * TINY },
    lines: (curve) =>
      sigmoidLines(curve, 0, {
        inverse: (b, k) => b.sub(1, b.reciprocal(b.sqrt(clampedSlope(b, k, 1)))),
      }),
  }),
  erf: elementwise<'erf'>({
    steepest: 1.12837916709552,
    onnx: 'Erf',
    derivative: (b, x) => b.mul(b.exp(b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI)),
    error: approximated,
    derivativeError: approximated,
    lines: (curve) =>
      sigmoidLines(curve, 0, {
        inverse: (b, k) => {
          const share = b.mul(clampedSlope(b, k, 2 / Math.sqrt(Math.PI)), Math.sqrt(Math.PI) / 2);
          return b.neg(b.sqrt(b.relu(b.neg(b.log(share)))));
        },
      }),
  }),
};
