/**
 * Host arrays: a shape, an element type and a flat C-order typed array. No strides, no views with
 * gaps: element (i, j, …) of shape [a, b, …] is data[(i·b + j)·…]. A tensor never changes its shape;
 * whoever fills `data` does so before handing the tensor on.
 */

/** Element types that cross between Glacis and a runtime. `bool` is stored as 0 or 1 in bytes. */
export type DataType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';

interface ArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  int8: Int8Array;
  bool: Uint8Array;
}

export type TensorData = ArrayOf[DataType];

export interface Tensor<D extends DataType = DataType> {
  readonly type: D;
  readonly shape: readonly number[];
  readonly data: ArrayOf[D];
}

const constructors: { [D in DataType]: new (length: number) => ArrayOf[D] } = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
};

/** Bytes one element takes. */
export function bytesPerElement(type: DataType): number {
  return new constructors[type](0).BYTES_PER_ELEMENT;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** A tensor over existing data. Throws RangeError when the data's length does not fill the shape. */
export function tensor<D extends DataType>(
  type: D,
  shape: readonly number[],
  data: ArrayOf[D],
): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`${data.length} elements do not fill the shape [${shape.join(', ')}]`);
  }
  return { type, shape, data };
}

/** A tensor of zeros. */
export function zeros<D extends DataType>(type: D, shape: readonly number[]): Tensor<D> {
  return { type, shape, data: new constructors[type](sizeOf(shape)) };
}

/** A float32 tensor from numbers; without a shape, a vector. */
export function floats(
  values: ArrayLike<number>,
  shape: readonly number[] = [values.length],
): Tensor<'float32'> {
  return tensor('float32', shape, Float32Array.from(values));
}

/** float32 [size, size]. */
export function identityMatrix(size: number): Tensor<'float32'> {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * (size + 1)] = 1;
  return tensor('float32', [size, size], data);
}

/** An int64 tensor from whole numbers; without a shape, a vector. */
export function integers(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): Tensor<'int64'> {
  return tensor(
    'int64',
    shape,
    BigInt64Array.from(values, (value) => BigInt(value)),
  );
}

/** The same elements under another shape of the same size (shares the data). */
export function reshaped<D extends DataType>(t: Tensor<D>, shape: readonly number[]): Tensor<D> {
  return tensor(t.type, shape, t.data);
}

/** Elements per row, a row being one index of the first axis. */
export function rowSize(t: Tensor): number {
  return sizeOf(t.shape.slice(1));
}

/** Row `index` of the first axis as a view on the same memory. */
export function row(t: Tensor<'float32'>, index: number): Float32Array {
  const size = rowSize(t);
  return t.data.subarray(index * size, (index + 1) * size);
}

/** The rows with the given indices, copied in that order. */
export function takeRows(t: Tensor<'float32'>, indices: ArrayLike<number>): Tensor<'float32'> {
  const size = rowSize(t);
  const data = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] ?? 0) * size;
    data.set(t.data.subarray(from, from + size), i * size);
  }
  return { type: 'float32', shape: [indices.length, ...t.shape.slice(1)], data };
}
