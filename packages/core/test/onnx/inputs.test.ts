// Several inputs, whole-number and double inputs, sizes left open, inputs that become constants, and
// preprocessing in front: what is read computes what the file does.
import { toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import type { Builder } from '../../src/graph/builder.ts';
import type { Node } from '../../src/graph/graph.ts';
import { declaredInputs } from '../../src/onnx/declared-inputs.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { preprocessInput } from '../../src/onnx/preprocess.ts';
import { readAgain, readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { floats, tensor, type Tensor } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import { type FileSpec, ints, modelProto, onnxFile, weights } from './hand-made.ts';

const FLOAT = 1;

/** Token ids looked up in a table, weighed by a real-valued input and a mask. */
const tokens: FileSpec = {
  opset: 17,
  inputs: { ids: ['n', 'length'], mask: ['n', 'length'], weight: ['n', 'length', 2] },
  outputs: ['y'],
  types: { ids: 'int64', mask: 'bool' },
  nodes: [
    { op: 'Gather', inputs: ['table', 'ids'], outputs: ['rows'] },
    { op: 'Mul', inputs: ['rows', 'weight'], outputs: ['weighed'] },
    { op: 'Cast', inputs: ['mask'], outputs: ['kept'], attributes: { to: FLOAT } },
    { op: 'Unsqueeze', inputs: ['kept', 'last'], outputs: ['column'] },
    { op: 'Mul', inputs: ['weighed', 'column'], outputs: ['masked'] },
    { op: 'ReduceSum', inputs: ['masked', 'middle'], outputs: ['y'], attributes: { keepdims: 0 } },
  ],
  initializers: { table: weights(5, 2), last: ints(2), middle: ints(1) },
};

const ids = [0, 4, 2, 1, 3, 3];
const mask = [1, 1, 0, 1, 1, 1];
const weight = floats(
  Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  [2, 3, 2],
);
const whole: Readonly<Record<string, Tensor>> = {
  ids: tensor('int64', [2, 3], BigInt64Array.from(ids, BigInt)),
  mask: tensor('bool', [2, 3], Uint8Array.from(mask)),
  weight,
};
const carried: Readonly<Record<string, Tensor>> = {
  ids: floats(ids, [2, 3]),
  mask: floats(mask, [2, 3]),
  weight,
};

describe('a model of token ids, a mask and real numbers', () => {
  test('is read for a length that is given', async () => {
    const model = readModel(onnxFile(tokens), { sizes: { length: 3 } });
    expect(model.batched).toBe(true);
    const own = (await runOnnx(model.bytes, whole))['y'];
    expectAllclose((await runOnnx(writeModel(model.graph), carried))['y'], own);
  });

  test('has a gradient for the real numbers, and none for ids', async () => {
    const model = readModel(onnxFile(tokens), { sizes: { length: 3 } });
    const of = (b: Builder, y: Node): Node => b.sum(y, [1]);
    const slopes = async (at: string): Promise<number[]> => {
      const found = await runOnnx(writeModel(gradientOf(model.graph, { of, at })), carried);
      return Array.from(found['gradient']?.data ?? [], Number);
    };
    const table = Array.from(tokens.initializers?.['table']?.data ?? [], Number);
    const expected = ids.flatMap((id, i) =>
      [0, 1].map((k) => (table[2 * id + k] ?? 0) * (mask[i] ?? 0)),
    );
    expectAllclose(floats(await slopes('weight')), floats(expected));
    expect((await slopes('ids')).every((slope) => slope === 0)).toBe(true);
  });

  test('says which sizes it needs', () => {
    const { open } = declaredInputs(onnxFile(tokens));
    expect(new Set(open.map(({ symbol }) => symbol))).toEqual(new Set(['length']));
    expect(() => readModel(onnxFile(tokens))).toThrow(/unknown size \(length\)/);
  });
});

test('positions counted from the end are looked up, along any axis', async () => {
  const file = onnxFile({
    opset: 13,
    inputs: { i: ['n', 2] },
    outputs: ['y'],
    types: { i: 'int32' },
    nodes: [
      { op: 'Gather', inputs: ['table', 'i'], outputs: ['g'], attributes: { axis: 1 } },
      { op: 'Transpose', inputs: ['g'], outputs: ['y'], attributes: { perm: [1, 0, 2, 3] } },
    ],
    initializers: { table: weights(2, 4, 3) },
  });
  const model = readModel(file);
  const numbers = [0, -1, 3, -4];
  const own = await runOnnx(file, { i: tensor('int32', [2, 2], Int32Array.from(numbers)) });
  const found = await runOnnx(writeModel(model.graph), { i: floats(numbers, [2, 2]) });
  expectAllclose(found['y'], own['y']);
});

const shifted: FileSpec = {
  opset: 17,
  inputs: { x: ['n', 3], by: [3] },
  outputs: ['y'],
  nodes: [{ op: 'Add', inputs: ['x', 'by'], outputs: ['y'] }],
};

test('an input that counts no samples becomes a constant, and then the batch is free', async () => {
  const model = readModel(onnxFile(shifted), { fixed: { by: floats([1, 2, 3]) } });
  expect(model.inputs.map(({ name }) => name)).toEqual(['x']);
  expect(model.batched).toBe(true);
  const x = floats([0, 0, 0, 1, 1, 1], [2, 3]);
  expectAllclose(
    (await runOnnx(writeModel(model.graph), { x }))['y'],
    floats([1, 2, 3, 2, 3, 4], [2, 3]),
  );
  expect(() => readModel(onnxFile(shifted), { fixed: { by: floats([1, 2]) } })).toThrow(ModelError);
  expect(() => readModel(onnxFile(shifted), { fixed: { z: floats([1]) } })).toThrow(/x, by/);
});

test('an input without a shape is refused by name; a scalar has one', () => {
  const proto = modelProto({ ...shifted, inputs: { x: ['n', 3], by: [] } });
  expect(() => readModel(toBinary(ModelProtoSchema, proto))).not.toThrow(/no shape/);
  const by = proto.graph?.input.find(({ name }) => name === 'by');
  if (by?.type?.value.case === 'tensorType') delete by.type.value.value.shape;
  expect(() => readModel(toBinary(ModelProtoSchema, proto))).toThrow(/no shape of its input by/);
});

test('an output that does not begin with one row a sample is a limit, and no contradiction', () => {
  const file = onnxFile({
    opset: 17,
    inputs: { x: [1, 4] },
    outputs: ['y'],
    nodes: [{ op: 'MatMul', inputs: ['w', 'x'], outputs: ['y'] }],
    initializers: { w: weights(3, 1) },
  });
  expect(() => readModel(file)).toThrow(/the output y has the shape \[3, 4\]/);
  expect(() => readModel(file)).not.toThrow(/contradict/);
});

test('an input of any name leaves its gradient a free one', async () => {
  const model = readModel(
    onnxFile({
      opset: 17,
      inputs: { value: ['n', 3] },
      outputs: ['gradient'],
      nodes: [{ op: 'Mul', inputs: ['value', 'value'], outputs: ['gradient'] }],
    }),
  );
  const squares = gradientOf(model.graph, { of: (b, y) => b.sum(y, [1]), at: 'value' });
  const found = await runOnnx(writeModel(squares), { value: floats([1, 2, 3], [1, 3]) });
  expect(found['value_']?.data).toEqual(Float32Array.of(14));
  expect(found['gradient']?.data).toEqual(Float32Array.of(2, 4, 6));
});

describe('a file in double precision', () => {
  const double = (factor: number): FileSpec => ({
    opset: 17,
    inputs: { x: ['n', 3] },
    outputs: ['y'],
    types: { x: 'float64', y: 'float64' },
    nodes: [{ op: 'Mul', inputs: ['x', 'factor'], outputs: ['y'] }],
    initializers: { factor: tensor('float64', [], Float64Array.of(factor)) },
  });

  test('takes float32 inputs and keeps its double outputs', async () => {
    const model = readModel(onnxFile(double(1 / 3)));
    expect(model.precision).toBe('float64');
    const x = floats([1, 2, 3], [1, 3]);
    const own = (await runOnnx(model.bytes, { x }))['y'];
    expect(own?.data).toEqual(Float64Array.of(1 / 3, 2 / 3, 1));
    expectAllclose((await runOnnx(writeModel(model.graph), { x }))['y'], own);
  });

  test('says whether its weights were rounded', () => {
    expect(readModel(onnxFile(double(1 / 3))).rounded).toBe(true);
    expect(readModel(onnxFile(double(0.375))).rounded).toBe(false);
  });
});

test('preprocessing in front takes the place of the input', async () => {
  const scaling = readModel(
    onnxFile({
      opset: 17,
      inputs: { pixels: ['n', 6] },
      outputs: ['x'],
      nodes: [
        { op: 'Reshape', inputs: ['pixels', 'shape'], outputs: ['pairs'] },
        {
          op: 'ReduceMean',
          inputs: ['pairs'],
          outputs: ['x'],
          attributes: { axes: [2], keepdims: 0 },
        },
      ],
      initializers: { shape: ints(-1, 3, 2) },
    }),
  );
  const model = readModel(onnxFile(shifted), { fixed: { by: floats([1, 2, 3]) } });
  const whole = readAgain(model, { bytes: preprocessInput(model, scaling, 'x') });
  expect(whole.inputs).toMatchObject([{ name: 'x', shape: ['n', 6] }]);
  const feeds = { x: floats([1, 3, 2, 4, 5, 5], [1, 6]) };
  expectAllclose((await runOnnx(whole.bytes, feeds))['y'], floats([3, 5, 8], [1, 3]));
  expectAllclose((await runOnnx(writeModel(whole.graph), feeds))['y'], floats([3, 5, 8], [1, 3]));
  const other = readModel(onnxFile({ ...shifted, opset: 13 }), {
    fixed: { by: floats([1, 2, 3]) },
  });
  expect(() => preprocessInput(model, other, 'x')).toThrow(/opset 13/);
});
