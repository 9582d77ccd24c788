/** A variance with its rounding: the identity. */
import type { Family } from './evaluator.ts';
import { operandOf } from './value.ts';

export const inexact: Family<'inexactVariance'> = {
  inexactVariance: (_, operands) => operandOf(operands),
};
