/** Over which numbers a query asks about its networks: its element types say so. */
import type { Semantics } from '../audit/run.ts';
import { type Query, tensorsOf } from '../vnnlib/query.ts';

/** `float32` as soon as a tensor is declared so; VNN-LIB 1.0 is about the reals. */
export function semanticsOf(query: Query): Semantics {
  return tensorsOf(query).some(({ type }) => type === 'float32') ? 'float32' : 'real';
}
