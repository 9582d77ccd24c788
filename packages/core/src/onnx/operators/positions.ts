/**
 * Values as rows of elements, for operators whose positions are known when reading: they become one
 * gather along a flat axis. The batch, where there is one, stays in front and is never indexed.
 */
import { type Dimension, isSymbolic, known, type Shape } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { ShapeError } from '../../graph/ops/definition.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { LoweringContext } from '../lowering.ts';

/** Sizes of the axes of one row: of the whole value, or of one sample, whose batch axis counts 1. */
export function rowDims(shape: Shape): number[] {
  return shape.map((dim, i) => (i === 0 && isSymbolic(dim) ? 1 : known(dim, 'an indexed axis')));
}

/** The batch of the first value that has one; 1 where none has. */
export function batchOf(...values: readonly Node[]): Dimension {
  return values.map(({ shape }) => shape[0] ?? 1).find(isSymbolic) ?? 1;
}

/** [batch, elements]; a value without the batch is repeated for every sample. */
export function asRows(c: LoweringContext, value: Node, batch: Dimension): Node {
  const size = sizeOf(rowDims(value.shape));
  return c.b.expand(c.b.reshape(value, [batchOf(value), size]), [batch, size]);
}

/** Rows under the sizes of one row again. */
export function fromRows(
  c: LoweringContext,
  rows: Node,
  dims: readonly number[],
  batch: Dimension,
): Node {
  if (!isSymbolic(batch)) return c.b.reshape(rows, dims);
  if (dims[0] !== 1) throw new ShapeError('positions do not keep the batch in front');
  return c.b.reshape(rows, [batch, ...dims.slice(1)]);
}

export function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, i) => sizeOf(dims.slice(i + 1)));
}

/** Coordinates of the element at a flat position. */
export function coordinates(dims: readonly number[], flat: number): number[] {
  const at = dims.map(() => 0);
  let rest = flat;
  for (let i = dims.length - 1; i >= 0; i--) {
    const size = dims[i] ?? 1;
    at[i] = rest % size;
    rest = Math.floor(rest / size);
  }
  return at;
}

/** A position counted from either end. */
export function positionOf(c: LoweringContext, index: number, size: number): number {
  const position = index < 0 ? index + size : index;
  if (position >= 0 && position < size) return position;
  throw c.invalid(`the index ${index} is outside an axis of ${size}`);
}
