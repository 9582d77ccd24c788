/** How the oracle evaluates one op: from attributes, operands and the shape the result must have. */
import type { OpAttributes, OpName } from '../../src/graph/graph.ts';
import type { Index, Value } from './value.ts';

export type Evaluator<K extends OpName> = (
  attributes: OpAttributes[K],
  operands: readonly Value[],
  shape: Index,
) => Value;

export type Family<K extends OpName> = { readonly [P in K]: Evaluator<P> };
