/** Mutations of constants: their values, types, shapes, and where they are kept. */
import { create } from '@bufbuild/protobuf';
import {
  type ModelProto,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from 'onnx-buf';
import { tensorsOf } from '../../../src/onnx/proto.ts';
import type { Draw } from '../../generators/draw.ts';
import { hostileCount, hostileFloat, hostileInt, type Mutation } from './hostile.ts';

const [FLOAT, INT64, STRING] = [1, 7, 8];

const bytesOf = (data: ArrayBufferView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();

function toTensor(
  accept: (tensor: TensorProto) => boolean,
  change: (draw: Draw, tensor: TensorProto, proto: ModelProto) => void,
): Mutation {
  return (draw, proto) => {
    const tensors = [...tensorsOf(proto)].filter(accept);
    if (tensors.length === 0) return false;
    change(draw, draw.pick(tensors), proto);
    return true;
  };
}

const any = (): boolean => true;

const dims = toTensor(any, (draw, tensor) => {
  const at = draw.integer(0, tensor.dims.length);
  if (draw.chance(0.3)) tensor.dims.splice(at, 1);
  else if (draw.chance(0.5)) tensor.dims.splice(at, 0, 1n);
  else tensor.dims[at] = hostileInt(draw);
  tensor.dims = Array.from(tensor.dims, (dim) => dim ?? 1n);
});

const rank = toTensor(any, (draw, tensor) => {
  const ones = Array<bigint>(hostileCount(draw)).fill(1n);
  tensor.dims = draw.chance(0.5) ? [...ones, ...tensor.dims] : [...tensor.dims, ...ones];
});

const elementType = toTensor(any, (draw, tensor) => {
  tensor.dataType = draw.integer(0, 25);
});

const values = toTensor(
  ({ dataType, rawData }) => dataType === FLOAT && rawData.length >= 4 && rawData.length % 4 === 0,
  (draw, tensor) => {
    const data = new Float32Array(tensor.rawData.slice().buffer);
    const count = draw.chance(0.2) ? data.length : draw.integer(1, 3);
    for (let i = 0; i < count; i++) {
      data[draw.integer(0, data.length - 1)] = hostileFloat(draw);
    }
    tensor.rawData = bytesOf(data);
  },
);

const wholeNumbers = toTensor(
  ({ dataType, rawData }) => dataType === INT64 && rawData.length >= 8 && rawData.length % 8 === 0,
  (draw, tensor) => {
    const data = new BigInt64Array(tensor.rawData.slice().buffer);
    data[draw.integer(0, data.length - 1)] = hostileInt(draw);
    if (draw.chance(0.2)) data.fill(hostileInt(draw));
    tensor.rawData = bytesOf(data);
  },
);

/** Shapes, axes and positions that are far too many, or none. */
const wholeList = toTensor(
  ({ dataType }) => dataType === INT64,
  (draw, tensor) => {
    const count = hostileCount(draw);
    const value = draw.chance(0.5) ? 1n : hostileInt(draw);
    tensor.dims = [BigInt(count)];
    tensor.rawData = bytesOf(new BigInt64Array(count).fill(value));
  },
);

const empty = toTensor(any, (draw, tensor) => {
  tensor.dims = draw.pick([[0n], [0n, 3n], [2n ** 60n, 0n], []]);
  tensor.rawData = new Uint8Array();
});

const shortened = toTensor(any, (draw, tensor) => {
  tensor.rawData = tensor.rawData.slice(0, draw.integer(0, tensor.rawData.length));
});

/** The numbers in the field of their type instead of the bytes, which say nothing of how many. */
const typedField = toTensor(
  ({ dataType, rawData }) => dataType === FLOAT && rawData.length % 4 === 0,
  (draw, tensor) => {
    tensor.floatData = Array.from(new Float32Array(tensor.rawData.slice().buffer));
    tensor.rawData = new Uint8Array();
    if (draw.chance(0.3)) tensor.floatData.pop();
    if (draw.chance(0.2)) tensor.int64Data = [hostileInt(draw)];
  },
);

const text = toTensor(any, (_, tensor) => {
  tensor.dataType = STRING;
  tensor.rawData = new Uint8Array();
  tensor.stringData = tensor.dims.map((dim) => new TextEncoder().encode(String(dim)));
});

const locations = [
  '/etc/passwd',
  '../model.bin',
  'a/../../b',
  'C:\\b',
  '\\\\host\\share',
  'file:///etc/passwd',
  '',
  '.',
  'a\0b',
  'weights.bin',
];

const external = toTensor(any, (draw, tensor) => {
  const entries: Record<string, string> = { location: draw.pick(locations) };
  const numbers = ['0', '-1', '1e3', '0x10', ' 8 ', 'NaN', '9007199254740993', `${2n ** 60n}`];
  if (draw.chance(0.6)) entries['offset'] = draw.pick(numbers);
  if (draw.chance(0.6)) entries['length'] = draw.pick(numbers);
  if (draw.chance(0.2)) entries['checksum'] = 'da39a3ee';
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  tensor.externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  if (draw.chance(0.5)) tensor.rawData = new Uint8Array();
});

/** The file's constant becomes one of the kind that lists only what is not zero. */
const sparse: Mutation = (draw, { graph }) => {
  const [values] = draw.shuffled(graph?.initializer ?? []);
  if (!graph || !values) return false;
  graph.initializer = graph.initializer.filter((each) => each !== values);
  const dims = [hostileInt(draw), hostileInt(draw)];
  graph.sparseInitializer.push(create(SparseTensorProtoSchema, { values, dims }));
  return true;
};

export const tensorMutations: Readonly<Record<string, Mutation>> = {
  dims,
  rank,
  elementType,
  values,
  wholeNumbers,
  wholeList,
  empty,
  shortened,
  typedField,
  text,
  external,
  sparse,
};
