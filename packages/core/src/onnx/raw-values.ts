/**
 * Values as a file holds them: little-endian bytes (as all supported platforms are), at any offset.
 * Nothing is copied on reading. Where a typed array may begin at that offset it is a view of the file;
 * elsewhere the elements are copied when they are first asked for, and written from where they are.
 */
import { bytesPerElement, type DataType, type Tensor, type TensorData } from '../tensor/tensor.ts';

type Raw = Uint8Array<ArrayBuffer>;

/** Where tensors lie whose elements may not have been copied. */
const unaligned = new WeakMap<Tensor, Raw>();

function elementsOf(type: DataType, { buffer, byteOffset, byteLength }: Raw): TensorData {
  const length = byteLength / bytesPerElement(type);
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'float64':
      return new Float64Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'int8':
      return new Int8Array(buffer, byteOffset, length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer, byteOffset, length);
  }
}

/** A copy at an aligned place (a Buffer's slice would be no copy). */
export function alignedCopy(raw: Uint8Array): Raw {
  return new Uint8Array(raw);
}

/** A tensor over a file's bytes, of which there are as many as the shape needs. */
export function tensorOverBytes(type: DataType, shape: readonly number[], raw: Raw): Tensor {
  if (raw.byteOffset % bytesPerElement(type) === 0) {
    return { type, shape, data: elementsOf(type, raw) };
  }
  let elements: TensorData | undefined;
  const value: Tensor = {
    type,
    shape,
    get data() {
      return (elements ??= elementsOf(type, alignedCopy(raw)));
    },
  };
  unaligned.set(value, raw);
  return value;
}

/** The tensor's bytes in ONNX's raw layout: a view. */
export function rawBytes(value: Tensor): Raw {
  const raw = unaligned.get(value);
  if (raw) return raw;
  const { buffer, byteOffset, byteLength } = value.data;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
