/** Arithmetic of two values with broadcasting. */
import { binary, unary } from './broadcast.ts';
import type { Family } from './evaluator.ts';

export const arithmetic: Family<'add' | 'sub' | 'mul' | 'div' | 'neg' | 'max' | 'min'> = {
  add: (_, operands) => binary(operands, (x, y) => x + y),
  sub: (_, operands) => binary(operands, (x, y) => x - y),
  mul: (_, operands) => binary(operands, (x, y) => x * y),
  div: (_, operands) => binary(operands, (x, y) => x / y),
  neg: (_, operands) => unary(operands, (x) => -x),
  max: (_, operands) => binary(operands, Math.max),
  min: (_, operands) => binary(operands, Math.min),
};
