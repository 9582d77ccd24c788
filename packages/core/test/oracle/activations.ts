/** Functions of one number. Attributes are what the file stores: float32. */
import { unary } from './broadcast.ts';
import type { Family } from './evaluator.ts';

export const activations: Family<
  'relu' | 'leakyRelu' | 'sigmoid' | 'tanh' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs' | 'clip'
> = {
  relu: (_, operands) => unary(operands, (x) => Math.max(x, 0)),
  leakyRelu: ({ slope }, operands) => unary(operands, (x) => (x >= 0 ? x : x * Math.fround(slope))),
  sigmoid: (_, operands) => unary(operands, (x) => 1 / (1 + Math.exp(-x))),
  tanh: (_, operands) => unary(operands, Math.tanh),
  exp: (_, operands) => unary(operands, Math.exp),
  log: (_, operands) => unary(operands, Math.log),
  sqrt: (_, operands) => unary(operands, Math.sqrt),
  reciprocal: (_, operands) => unary(operands, (x) => 1 / x),
  abs: (_, operands) => unary(operands, Math.abs),
  clip: ({ min, max }, operands) =>
    unary(operands, (x) => Math.min(Math.max(x, Math.fround(min)), Math.fround(max))),
};
