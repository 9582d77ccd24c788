/**
 * Small files that ask for much, and files that runtimes read in different ways: each is refused by name.
 * What the fuzzer once found misread is held to ONNX Runtime.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  FunctionProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  SparseTensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import {
  type Case,
  type FileSpec,
  ints,
  modelProto,
  nodeProtos,
  one,
  onnxFile,
  scalar,
  weights,
} from './hand-made.ts';

const INT64_MAX: Tensor = {
  type: 'int64',
  shape: [1],
  data: BigInt64Array.of(2n ** 63n - 1n),
};

const base: FileSpec = {
  opset: 17,
  inputs: { x: [1, 4] },
  outputs: ['y'],
  nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
};

/** x plus what a node makes of constants. */
function plus(op: string, operands: Readonly<Record<string, Tensor>>, attributes = {}): FileSpec {
  return {
    ...base,
    nodes: [
      { op, inputs: Object.keys(operands), outputs: ['c'], attributes },
      { op: 'Cast', inputs: ['c'], outputs: ['f'], attributes: { to: 1 } },
      { op: 'Add', inputs: ['x', 'f'], outputs: ['y'] },
    ],
    initializers: operands,
  };
}

const one64 = { tensor: { type: 'int64', shape: [1], data: BigInt64Array.of(1n) } as Tensor };

describe('what a file may not ask for', () => {
  test.each<[string, FileSpec, RegExp]>([
    ['a list of 10⁹', plus('ConstantOfShape', { s: ints(1e9) }, { value: one64 }), /table of/],
    ['a value of 10¹⁵', plus('ConstantOfShape', { s: ints(1e15) }), /larger than can be computed/],
    ['a negative size', plus('ConstantOfShape', { s: ints(-3) }, { value: one64 }), /\[-3\]/],
    [
      'sizes for 70 axes',
      plus('ConstantOfShape', { s: ints(...Array<number>(70).fill(1)) }),
      /70 numbers/,
    ],
    [
      '40 axes',
      one('Reshape', '', { operands: { s: ints(...Array<number>(39).fill(1), 4) } }),
      /40 axes/,
    ],
    ['sums beyond 2⁵³', plus('Add', { a: ints(2 ** 53 - 1), b: ints(1) }), /beyond 2⁵³/],
    [
      'a window of a million elements',
      one('MaxPool', '', {
        x: [1, 1, 2000, 2000],
        attributes: { kernel_shape: [1000, 1000] },
      }),
      /a window of 1000000 elements/,
    ],
    [
      'a flag that is 2',
      one('ReduceSum', '', { opset: 11, attributes: { keepdims: 2 } }),
      /not 0 or 1/,
    ],
    ['an axis twice', one('ReduceMean', '', { attributes: { axes: [1, -1] } }), /an axis twice/],
    ['positions that are fractions', one('Gather', '', { operands: { i: scalar(1) } }), /float32/],
    ['a constant without a value', plus('Constant', {}), /has no value/],
    [
      'a name that is given twice',
      { ...base, nodes: [...base.nodes, ...base.nodes] },
      /something else gives already/,
    ],
  ])('%s', (_, file, message) => {
    const bytes = onnxFile(file);
    expect(() => readModel(bytes)).toThrow(ModelError);
    expect(() => readModel(bytes)).toThrow(message);
  });

  test('a function that has the name of a standard operator is refused', () => {
    const proto = modelProto(base);
    const node = nodeProtos([{ op: 'Neg', inputs: ['a'], outputs: ['z'] }]);
    proto.functions.push(
      create(FunctionProtoSchema, { name: 'Relu', input: ['a'], output: ['z'], node }),
    );
    expect(() => readModel(toBinary(ModelProtoSchema, proto))).toThrow(/rename the function/);
  });

  test('functions that double at every level are not written out', () => {
    const proto = modelProto(base);
    const level = (i: number) =>
      i === 0
        ? nodeProtos([{ op: 'Relu', inputs: ['a'], outputs: ['z'] }])
        : nodeProtos([
            { op: `own.f${i - 1}`, inputs: ['a'], outputs: ['m'] },
            { op: `own.f${i - 1}`, inputs: ['m'], outputs: ['z'] },
          ]);
    for (let i = 0; i < 40; i++) {
      const made = { name: `f${i}`, domain: 'own', input: ['a'], output: ['z'], node: level(i) };
      proto.functions.push(create(FunctionProtoSchema, made));
    }
    Object.assign(proto.graph?.node[0] ?? {}, { opType: 'f39', domain: 'own' });
    expect(() => readModel(toBinary(ModelProtoSchema, proto))).toThrow(/nested too deeply/);
  });

  test('two opsets of the standard operators are refused', () => {
    const proto = modelProto(base);
    proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: '', version: 13n }));
    expect(() => readModel(toBinary(ModelProtoSchema, proto))).toThrow(/two opsets/);
  });

  test('strides beyond any axis are refused', () => {
    const attributes = { kernel_shape: [1, 1], strides: [1, 2 ** 40] };
    const file = one('AveragePool', '', { x: [1, 1, 4, 4], attributes });
    expect(() => readModel(onnxFile(file))).toThrow(ModelError);
  });

  test('a sparse initialiser is named', () => {
    const proto = modelProto(base);
    proto.graph?.sparseInitializer.push(create(SparseTensorProtoSchema, { values: { name: 'w' } }));
    expect(() => readModel(toBinary(ModelProtoSchema, proto))).toThrow(/initializer w is sparse/);
  });

  test('a message is a sentence, however long the names in the file are', () => {
    const name = 'n'.repeat(1e6);
    const error = ((): unknown => {
      try {
        return readModel(
          onnxFile({ ...base, nodes: [{ op: name, inputs: ['x'], outputs: ['y'] }] }),
        );
      } catch (thrown) {
        return thrown;
      }
    })();
    expect((error as Error).message.length).toBeLessThan(3000);
  });
});

const misread: Readonly<Record<string, Case | FileSpec>> = {
  'the greatest whole number, joined to a list, is the end of an axis': {
    ...base,
    nodes: [
      { op: 'Concat', inputs: ['max'], outputs: ['ends'], attributes: { axis: 0 } },
      { op: 'Slice', inputs: ['x', 'start', 'ends', 'axis'], outputs: ['y'] },
    ],
    initializers: { max: INT64_MAX, start: ints(1), axis: ints(1) },
  },
  'the greatest of three whole numbers': plus('Max', { a: ints(1), b: ints(2), d: ints(7) }),
  'a transposed convolution whose stride is longer than its kernel, padded to the same size': one(
    'ConvTranspose',
    '',
    {
      x: [1, 2, 3, 3],
      operands: { w: weights(2, 1, 2, 2) },
      attributes: { auto_pad: 'SAME_UPPER', strides: [5, 5] },
    },
  ),
  'a pool over everything, padded': one('MaxPool', '', {
    x: [1, 2, 3, 2],
    attributes: { kernel_shape: [4, 3], pads: [1, 1, 0, 0] },
  }),
  'no position at all of a gathered axis': one('Gather', '', {
    x: [1, 3, 2],
    operands: { i: { type: 'int64', shape: [0, 2], data: new BigInt64Array() } },
    attributes: { axis: 1 },
  }),
};

test.each(Object.entries(misread))('%s', async (_, file) => {
  const bytes = onnxFile(file);
  const model = readModel(bytes);
  const shape = (file.inputs['x'] ?? []).map(Number);
  const x = weights(...shape);
  const [expected, actual] = [
    await runOnnx(bytes, { x }),
    await runOnnx(writeModel(model.graph), { x }),
  ];
  expectAllclose(actual['y'], expected['y']);
});

test('an input that is an output as well stays one', async () => {
  const proto = modelProto(base);
  proto.graph?.output.push(
    create(ValueInfoProtoSchema, {
      name: 'x',
      type: { value: { case: 'tensorType', value: { elemType: 1 } } },
    }),
  );
  const { graph } = readModel(toBinary(ModelProtoSchema, proto));
  const x = floats([-1, 2, -3, 4], [1, 4]);
  const results = await runOnnx(writeModel(graph), { x });
  expectAllclose(results['x'], x);
  expectAllclose(results['y'], floats([0, 2, 0, 4], [1, 4]));
});

test('the gradient of an element that is gathered a thousand times is a thousand', async () => {
  const indices = ints(...Array<number>(1000).fill(2), 0);
  const file = one('Gather', '', { operands: { i: indices }, attributes: { axis: 1 } });
  const { graph } = readModel(onnxFile(file));
  const derived = gradientOf(graph, { at: 'x', output: 'y', of: (b, y) => b.sumRows(y) });
  const bytes = writeModel(derived);
  expect(bytes.length).toBeLessThan(50_000);
  const { gradient } = await runOnnx(bytes, { x: weights(3, 4) });
  const row = [1, 0, 1000, 0];
  expectAllclose(gradient, floats([...row, ...row, ...row], [3, 4]));
});
