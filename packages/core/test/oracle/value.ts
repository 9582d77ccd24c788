/**
 * What the oracle computes with: an array of float64 numbers with a shape. Elements are addressed by
 * their full index, one at a time; nothing here is meant to be fast.
 */
import { sizeOf, type Tensor } from '../../src/tensor/tensor.ts';

export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export type Index = readonly number[];

/** Every index of a shape, in C order. */
export function* indicesOf(shape: Index): Generator<number[]> {
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    const index: number[] = [];
    let rest = flat;
    for (const dim of [...shape].reverse()) {
      index.unshift(rest % dim);
      rest = Math.floor(rest / dim);
    }
    yield index;
  }
}

/** The value whose element at each index is what `at` says. */
export function build(shape: Index, at: (index: number[]) => number): Value {
  return { shape, data: Float64Array.from(indicesOf(shape), at) };
}

export function zerosOf(shape: Index): Value {
  return { shape, data: new Float64Array(sizeOf(shape)) };
}

/** Position of an index in C order; throws when it is outside. */
export function positionOf({ shape }: Value, index: Index): number {
  if (index.length !== shape.length)
    throw new RangeError(`[${index.join()}] is no index of [${shape.join()}]`);
  return shape.reduce((position, dim, axis) => {
    const i = index[axis] ?? -1;
    if (i < 0 || i >= dim) throw new RangeError(`[${index.join()}] is outside [${shape.join()}]`);
    return position * dim + i;
  }, 0);
}

export function read(value: Value, index: Index): number {
  return value.data[positionOf(value, index)] ?? Number.NaN;
}

/** The element a broadcast operand shows at an index of the result: right-aligned, 1 repeats. */
export function readBroadcast(value: Value, index: Index): number {
  const aligned = index.slice(index.length - value.shape.length);
  return read(
    value,
    aligned.map((i, axis) => (value.shape[axis] === 1 ? 0 : i)),
  );
}

export function valueOf(tensor: Tensor): Value {
  return { shape: tensor.shape, data: Float64Array.from(tensor.data, Number) };
}

/** Operand i of an op. */
export function operandOf(operands: readonly Value[], i = 0): Value {
  const value = operands[i];
  if (!value) throw new RangeError(`operand ${i} is missing`);
  return value;
}
