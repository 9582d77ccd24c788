/** Element types of ONNX (TensorProto.DataType) and of the IR, and the bytes between them. */
import { type TensorProto, TensorProto_DataLocation } from 'onnx-buf';
import {
  bytesPerElement,
  type DataType,
  floats,
  sizeOf,
  type Tensor,
  type TensorData,
} from '../tensor/tensor.ts';
import { shapeFault } from './limits.ts';
import { ModelError } from './model-error.ts';
import { alignedCopy, tensorOverBytes } from './raw-values.ts';

export const elementTypeCodes: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** TensorProto code of float16, which is read as float32. */
export const FLOAT16 = 10;

/** TensorProto code of strings, which no computation takes. */
export const TEXT = 8;

const names: Readonly<Record<number, string>> = {
  0: 'undefined',
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
};

export function elementTypeName(code: number): string {
  return names[code] ?? `element type ${code}`;
}

export function dataTypeOf(code: number): DataType | undefined {
  const entry = Object.entries(elementTypeCodes).find(([, value]) => value === code);
  // The keys of the table are DataTypes; Object.entries widens them to string.
  return entry?.[0] as DataType | undefined;
}

function fromFields(type: DataType, proto: TensorProto): TensorData {
  switch (type) {
    case 'float32':
      return Float32Array.from(proto.floatData);
    case 'float64':
      return Float64Array.from(proto.doubleData);
    case 'int64':
      return BigInt64Array.from(proto.int64Data);
    case 'int32':
      return Int32Array.from(proto.int32Data);
    case 'int8':
      return Int8Array.from(proto.int32Data);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(proto.int32Data);
  }
}

/** TensorProto codes of the floating-point types: float32, float16, float64, bfloat16. */
const floatingCodes: ReadonlySet<number> = new Set([1, 10, 11, 16]);

/** Numbers of an initialiser that training could change: none where it holds shapes or positions. */
export function parametersOf({ dims, dataType }: TensorProto): number {
  return floatingCodes.has(dataType) ? dims.reduce((size, dim) => size * Number(dim), 1) : 0;
}

/** The float32 number of a float16's bits: sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Bits of float16 values, one in each number. */
function halves({ rawData, int32Data }: TensorProto): ArrayLike<number> {
  return rawData.length > 0 ? new Uint16Array(alignedCopy(rawData).buffer) : int32Data;
}

/** The numbers of a double tensor; of a broken one those that are whole. */
export function doublesOf({ rawData, doubleData }: TensorProto): Float64Array {
  const whole = rawData.subarray(0, rawData.length - (rawData.length % 8));
  return rawData.length > 0
    ? new Float64Array(alignedCopy(whole).buffer)
    : Float64Array.from(doubleData);
}

const GREATEST = 2 ** 128 - 2 ** 104;

/** A double tensor as float32 numbers: the nearest, and what is too large the largest. */
function narrowed(tensor: Tensor): Tensor {
  // Asking for the elements of another type would copy them.
  if (tensor.type !== 'float64' || !(tensor.data instanceof Float64Array)) return tensor;
  const nearest = (value: number): number =>
    Number.isFinite(value) ? Math.max(-GREATEST, Math.min(GREATEST, value)) : value;
  return floats(Float32Array.from(tensor.data, nearest), tensor.shape);
}

/**
 * A TensorProto as a host tensor, float16 and double values as float32. Throws ModelError for other types,
 * external data, wrong sizes.
 */
export function readTensor(proto: TensorProto, where: string): Tensor {
  return narrowed(readTensorAsIs(proto, where));
}

/** The same, double values left as they are. */
export function readTensorAsIs(proto: TensorProto, where: string): Tensor {
  const isHalf = proto.dataType === FLOAT16;
  const type = isHalf ? 'float32' : dataTypeOf(proto.dataType);
  if (type === undefined) {
    throw new ModelError(
      'unsupported',
      `${where} holds ${elementTypeName(proto.dataType)} values, which are not supported: convert the model to float32`,
    );
  }
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    throw new ModelError(
      'unsupported',
      `${where} keeps its values in an external file: save the model with its weights inside`,
    );
  }
  const shape = proto.dims.map(Number);
  const fault = shapeFault(shape);
  if (fault) throw new ModelError(fault.reason, `${where}: ${fault.what}`);
  const raw = proto.rawData;
  const bytes = isHalf ? 2 : bytesPerElement(type);
  const wanted = sizeOf(shape);
  if (raw.length > 0 && raw.length !== wanted * bytes) {
    throw new ModelError(
      'invalid',
      `${where} has ${raw.length} bytes where its shape needs ${wanted * bytes}`,
    );
  }
  if (raw.length > 0 && !isHalf) return tensorOverBytes(type, shape, raw);
  const data = isHalf ? Float32Array.from(halves(proto), fromHalf) : fromFields(type, proto);
  if (data.length !== wanted) {
    throw new ModelError(
      'invalid',
      `${where} has ${data.length} values where its shape needs ${wanted}`,
    );
  }
  return { type, shape, data };
}
