/** Functions of one number. Attributes are what the file stores: float32. */
import { unary } from './broadcast.ts';
import type { Family } from './evaluator.ts';

/** Σ 2ⁿx²ⁿ⁺¹/(2n+1)!!·e^(−x²)·2/√π: no term cancels another. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  let [term, sum] = [size, size];
  for (let n = 1; n < 150; n++) {
    term *= (2 * size * size) / (2 * n + 1);
    sum += term;
  }
  return ((Math.sign(x) * 2) / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const activations: Family<
  'relu' | 'leakyRelu' | 'clip' | 'sigmoid' | 'tanh' | 'softplus' | 'softsign' | 'erf'
> = {
  relu: (_, operands) => unary(operands, (x) => Math.max(x, 0)),
  leakyRelu: ({ slope }, operands) => unary(operands, (x) => (x >= 0 ? x : x * Math.fround(slope))),
  clip: ({ min, max }, operands) =>
    unary(operands, (x) => Math.min(Math.max(x, Math.fround(min)), Math.fround(max))),
  sigmoid: (_, operands) => unary(operands, (x) => 1 / (1 + Math.exp(-x))),
  tanh: (_, operands) => unary(operands, Math.tanh),
  softplus: (_, operands) => unary(operands, softplus),
  softsign: (_, operands) => unary(operands, (x) => x / (1 + Math.abs(x))),
  erf: (_, operands) => unary(operands, erf),
};

export const gatedActivations: Family<'gelu' | 'geluTanh' | 'mish'> = {
  gelu: (_, operands) => unary(operands, (x) => (x * (1 + erf(x / Math.SQRT2))) / 2),
  geluTanh: (_, operands) =>
    unary(operands, (x) => {
      const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
      return (x * (1 + Math.tanh(inner))) / 2;
    }),
  mish: (_, operands) => unary(operands, (x) => x * Math.tanh(softplus(x))),
};
