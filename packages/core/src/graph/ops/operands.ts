/** An op's operands by number: what is missing is a ShapeError, not undefined further on. */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { ShapeError } from './definition.ts';

/** The only operand of a unary op. */
export function only<T>(operands: readonly T[]): T {
  const [operand] = operands;
  if (operand === undefined) throw new ShapeError('an operand is missing');
  return operand;
}

/** Both operands of a binary op. */
export function pair<T>(operands: readonly T[]): [T, T] {
  const [a, b] = operands;
  if (a === undefined || b === undefined) throw new ShapeError('an operand is missing');
  return [a, b];
}

/**
 * A count that is 1 or more at every point, said so that its bounds know it too: where several elements may
 * attain an extreme, none of them has more than the whole of its cotangent.
 */
export function atLeastOne(b: Builder, count: Node): Node {
  return b.max(count, 1);
}
