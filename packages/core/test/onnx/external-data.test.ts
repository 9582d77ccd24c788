/** Weights beside the file become part of it; paths that lead out of the model's folder are refused. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, StringStringEntryProtoSchema } from 'onnx-buf';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import { modelProto, one, onnxFile, weights } from './hand-made.ts';

const file = one('MatMul', 'by a matrix', { operands: { w: weights(4, 3) } });
const x = floats([1, -2, 0.5, 3], [1, 4]);
const OFFSET = 16;

/** The file with its weights at an offset of another file, and that file. */
function split(
  location: string,
  entries: Readonly<Record<string, string>> = {},
): { bytes: Uint8Array<ArrayBuffer>; beside: Uint8Array } {
  const proto = modelProto(file);
  const [tensor] = proto.graph?.initializer ?? [];
  if (!tensor) throw new RangeError('the file has a weight');
  const beside = new Uint8Array(OFFSET + tensor.rawData.length + 8);
  beside.set(tensor.rawData, OFFSET);
  const all = { location, offset: `${OFFSET}`, length: `${tensor.rawData.length}`, ...entries };
  const made = Object.entries(all).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  Object.assign(tensor, { rawData: new Uint8Array(), dataLocation: 1, externalData: made });
  return { bytes: toBinary(ModelProtoSchema, proto), beside };
}

test('the model computes what it does with its weights inside, and is one file from then on', async () => {
  const { bytes, beside } = split('weights/model.bin');
  const asked: string[] = [];
  const model = readModel(bytes, {
    external: (location) => {
      asked.push(location);
      return beside;
    },
  });
  expect(asked).toEqual(['weights/model.bin']);
  const expected = (await runOnnx(onnxFile(file), { x }))['y'];
  expectAllclose((await runOnnx(writeModel(model.graph), { x }))['y'], expected);
  expectAllclose((await runOnnx(model.bytes, { x }))['y'], expected);
  expect(readModel(model.bytes).graph.nodes.length).toBe(model.graph.nodes.length);
});

test('without a way to read other files the model is refused, and the message says why', () => {
  const { bytes } = split('model.bin');
  expect(() => readModel(bytes)).toThrow(/external file/);
});

test.each([
  '/etc/passwd',
  '../model.bin',
  'a/../../b',
  'a\\..\\b',
  'C:\\b',
  '\\\\host\\b',
  '',
  'a\0b',
])('the path %j is never asked for', (location) => {
  const { bytes } = split(location);
  const external = (): Uint8Array => {
    throw new RangeError('it was asked for');
  };
  expect(() => readModel(bytes, { external })).toThrow(/outside the model's folder/);
});

test.each([
  ['offset', '-4'],
  ['offset', '1000000'],
  ['length', '1000000'],
  ['length', '4'],
  ['offset', 'nonsense'],
  ['offset', `${2n ** 60n}`],
  ['length', `${2n ** 60n}`],
  ['offset', '1e1'],
  ['offset', '0x10'],
  ['offset', '16.5'],
  ['length', '-48'],
  ['length', ''],
])('a part that is not there is invalid: %s %s', (key, value) => {
  const { bytes, beside } = split('model.bin', { [key]: value });
  expect(() => readModel(bytes, { external: () => beside })).toThrow(
    expect.objectContaining({ name: 'ModelError', reason: 'invalid' }),
  );
});

test('a checksum is no reason to refuse', () => {
  const { bytes, beside } = split('model.bin', { checksum: 'da39a3ee' });
  expect(readModel(bytes, { external: () => beside }).parameters).toBe(12);
});

test('tensors may share a part of a file, but not so often that a small file fills the memory', () => {
  const shared = (count: number): Uint8Array<ArrayBuffer> => {
    const proto = fromBinary(ModelProtoSchema, split('model.bin', { offset: '0' }).bytes);
    const tensors = proto.graph?.initializer ?? [];
    const [first] = tensors;
    if (!first) throw new RangeError('the file has a weight');
    for (let i = 1; i < count; i++) tensors.push({ ...first, name: `again${i}` });
    return toBinary(ModelProtoSchema, proto);
  };
  const external = (): Uint8Array => new Uint8Array(4 * 12);
  expect(readModel(shared(4), { external }).parameters).toBe(48);
  expect(() => readModel(shared(5), { external })).toThrow(/overlap/);
});
