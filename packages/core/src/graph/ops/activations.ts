/** Monotone activation functions (a leaky ReLU may be told not to be). */
import { floats } from '../../tensor/tensor.ts';
import type { OpDefinition } from './definition.ts';
import { approximated, elementwise, holds, rounded } from './elementwise.ts';
import { convexLines, hingeLines, sigmoidLines } from './lines.ts';

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

export const activations: { readonly [K in Activation]: OpDefinition<K> } = {
  relu: elementwise<'relu'>({
    onnx: 'Relu',
    derivative: (b, _x, y) => b.step(y),
    lines: (curve) => hingeLines(curve, 0),
    hinge: () => 0,
  }),
  leakyRelu: elementwise<'leakyRelu'>({
    onnx: 'LeakyRelu',
    attributes: ({ slope }) => ({ alpha: { float: slope } }),
    derivative: (b, x, _y, { slope }) => b.add(b.mul(b.step(x), 1 - slope), slope),
    error: rounded,
    lines: (curve, { slope }) => (isHinge(slope) ? hingeLines(curve, slope) : undefined),
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
    onnx: (e, x, { min, max }) => {
      const limit = (value: number): string =>
        Number.isFinite(value) ? e.constant(floats([value], [])) : '';
      return e.node('Clip', [x, limit(min), limit(max)]);
    },
    derivative: (b, x, _y, { min, max }) =>
      b.mul(b.greaterOrEqual(x, min), b.greaterOrEqual(max, x)),
  }),
  sigmoid: elementwise<'sigmoid'>({
    onnx: 'Sigmoid',
    derivative: (b, _x, y) => b.mul(y, b.sub(1, y)),
    error: approximated,
    lines: sigmoidLines,
  }),
  tanh: elementwise<'tanh'>({
    onnx: 'Tanh',
    derivative: (b, _x, y) => b.sub(1, b.mul(y, y)),
    error: approximated,
    lines: sigmoidLines,
  }),
  softplus: elementwise<'softplus'>({
    onnx: 'Softplus',
    derivative: (b, x) => b.push('sigmoid', [x], {}),
    error: approximated,
    lines: convexLines,
  }),
  softsign: elementwise<'softsign'>({
    onnx: 'Softsign',
    derivative: (b, x) => {
      const factor = b.reciprocal(b.add(b.abs(x), 1));
      return b.mul(factor, factor);
    },
    error: rounded,
    lines: sigmoidLines,
  }),
  erf: elementwise<'erf'>({
    onnx: 'Erf',
    derivative: (b, x) => b.mul(b.exp(b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI)),
    error: approximated,
    lines: sigmoidLines,
  }),
};
