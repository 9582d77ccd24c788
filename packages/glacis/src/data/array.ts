/**
 * Arrays as a data file stores them: more element types than the host tensors of the core, which
 * cross into a runtime. Always C order and the host's (little-endian) byte order; float16 elements
 * are held as the float32 numbers they are exactly equal to.
 */

export type ElementType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64';

export type ArrayData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An array read from a file; `data` fills `shape`. */
export interface StoredArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ArrayData;
}

/** Bytes one element takes in a file. */
export const elementBytes: Readonly<Record<ElementType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

/**
 * The elements stored in `bytes`, whose length is a multiple of the element's. They share memory
 * with `bytes` where alignment and byte order allow.
 */
export function decodeElements(
  type: ElementType,
  bytes: Uint8Array,
  bigEndian: boolean,
): ArrayData {
  const size = elementBytes[type];
  const misplaced = bytes.byteOffset % size !== 0;
  const own = misplaced || (bigEndian && size > 1) ? Uint8Array.from(bytes) : bytes;
  if (bigEndian) swapBytes(own, size);
  const count = own.byteLength / size;
  const { buffer, byteOffset } = own;
  switch (type) {
    case 'bool':
    case 'uint8':
      return new Uint8Array(buffer, byteOffset, count);
    case 'int8':
      return new Int8Array(buffer, byteOffset, count);
    case 'int16':
      return new Int16Array(buffer, byteOffset, count);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, count);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, count);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'uint64':
      return new BigUint64Array(buffer, byteOffset, count);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfToNumber);
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
  }
}

function swapBytes(bytes: Uint8Array, size: number): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) view.swap16();
  if (size === 4) view.swap32();
  if (size === 8) view.swap64();
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The same array in C order, from elements stored with the first index running fastest. */
export function fromFortranOrder(stored: StoredArray): StoredArray {
  const { shape, data } = stored;
  if (shape.length < 2) return stored;
  const step = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  const target = data.slice();
  let source = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[source];
    if (value !== undefined) target[i] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      source += step[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      source -= next * (step[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return { ...stored, data: target };
}

/** A shape as people write it: [60000, 28, 28]. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
