/** Powers, sines and steps of one number. */
import { binary, unary } from './broadcast.ts';
import type { Family } from './evaluator.ts';

/** Halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

export const powers: Family<'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs' | 'pow'> = {
  exp: (_, operands) => unary(operands, Math.exp),
  log: (_, operands) => unary(operands, Math.log),
  sqrt: (_, operands) => unary(operands, Math.sqrt),
  reciprocal: (_, operands) => unary(operands, (x) => 1 / x),
  abs: (_, operands) => unary(operands, Math.abs),
  pow: ({ exponent }, operands) => unary(operands, (x) => x ** Math.fround(exponent)),
};

export const trigonometric: Family<'sin' | 'cos'> = {
  sin: (_, operands) => unary(operands, Math.sin),
  cos: (_, operands) => unary(operands, Math.cos),
};

export const roundingSteps: Family<'floor' | 'ceil' | 'round'> = {
  floor: (_, operands) => unary(operands, Math.floor),
  ceil: (_, operands) => unary(operands, Math.ceil),
  round: (_, operands) => unary(operands, roundHalfEven),
};

/** 1 to any power is 1, and any number to the power of 0, also where JavaScript says NaN. */
export const raise: Family<'raise'> = {
  raise: (_, operands) => binary(operands, (x, y) => (x === 1 ? 1 : x ** y)),
};
