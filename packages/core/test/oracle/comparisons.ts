/** Steps and selections; masks are zeros and ones. */
import { binary, ternary, unary } from './broadcast.ts';
import type { Family } from './evaluator.ts';

export const comparisons: Family<
  'step' | 'sign' | 'greater' | 'greaterOrEqual' | 'equal' | 'where'
> = {
  step: (_, operands) => unary(operands, (x) => Number(x > 0)),
  sign: (_, operands) => unary(operands, Math.sign),
  greater: (_, operands) => binary(operands, (x, y) => Number(x > y)),
  greaterOrEqual: (_, operands) => binary(operands, (x, y) => Number(x >= y)),
  equal: (_, operands) => binary(operands, (x, y) => Number(x === y)),
  where: (_, operands) => ternary(operands, (mask, x, y) => (mask === 0 ? y : x)),
};
