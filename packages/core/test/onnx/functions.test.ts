/** Files with functions of their own, as PyTorch's newer exporter writes them, are read as if written out. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
} from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { outlineModel } from '../../src/onnx/layers.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { surveyModel } from '../../src/onnx/parse.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { expectAllclose } from '../allclose.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { runOnnx } from '../onnxruntime.ts';
import { modelProto, type NodeSpec, nodeProtos, weights } from './hand-made.ts';

const DOMAIN = 'own.layers';

const reference = (name: string, to: string): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, refAttrName: to });

interface OwnFunction {
  readonly inputs: readonly string[];
  readonly nodes: readonly NodeSpec[];
  readonly attributes?: readonly string[];
  readonly defaults?: Readonly<Record<string, number>>;
}

/** x → calls of functions → y. Nodes named in `own` belong to the functions' domain. */
function fileWith(
  own: Readonly<Record<string, OwnFunction>>,
  nodes: readonly NodeSpec[],
): ModelProto {
  const owned = (list: readonly NodeSpec[]): ReturnType<typeof nodeProtos> =>
    nodeProtos(list).map((node) =>
      node.opType in own ? Object.assign(node, { domain: DOMAIN }) : node,
    );
  const proto = modelProto({
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [],
    initializers: { w: weights(4, 4) },
  });
  const main = { domain: '', version: 17n };
  if (proto.graph) proto.graph.node = owned(nodes);
  proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: DOMAIN, version: 1n }));
  proto.functions = Object.entries(own).map(
    ([name, { inputs, attributes, defaults, nodes: body }]) =>
      create(FunctionProtoSchema, {
        name,
        domain: DOMAIN,
        input: [...inputs],
        output: ['result'],
        attribute: [...(attributes ?? [])],
        attributeProto: Object.entries(defaults ?? {}).map(([key, f]) =>
          create(AttributeProtoSchema, { name: key, type: AttributeType.FLOAT, f }),
        ),
        opsetImport: [main, { domain: DOMAIN, version: 1n }],
        node: owned(body),
      }),
  );
  return proto;
}

const leaky: NodeSpec = { op: 'LeakyRelu', inputs: ['v'], outputs: ['result'] };

function nestedFile(): ModelProto {
  const proto = fileWith(
    {
      Bent: { inputs: ['v'], attributes: ['slope'], defaults: {}, nodes: [leaky] },
      BentTwice: {
        inputs: ['v'],
        defaults: { slope: 0.25 },
        nodes: [
          { op: 'Bent', inputs: ['v'], outputs: ['once'] },
          { op: 'Neg', inputs: ['once'], outputs: ['other'] },
          { op: 'Bent', inputs: ['other'], outputs: ['result'] },
        ],
      },
      Dense: {
        inputs: ['v', 'w', 'absent'],
        nodes: [{ op: 'MatMul', inputs: ['v', 'w'], outputs: ['result'] }],
      },
    },
    [
      { op: 'Dense', inputs: ['x', 'w'], outputs: ['a'] },
      { op: 'BentTwice', inputs: ['a'], outputs: ['b'] },
      { op: 'BentTwice', inputs: ['b'], outputs: ['y'], attributes: { slope: { float: 0.75 } } },
    ],
  );
  const [bent, twice] = proto.functions;
  for (const node of bent?.node ?? []) node.attribute = [reference('alpha', 'slope')];
  for (const node of twice?.node ?? []) {
    if (node.opType === 'Bent') node.attribute = [reference('slope', 'slope')];
  }
  return proto;
}

test('calls of functions, with arguments, defaults and calls within, mean what they do for ONNX Runtime', async () => {
  const bytes = toBinary(ModelProtoSchema, nestedFile());
  const model = readModel(bytes);
  const x = floats([1, -2, 0.5, 3, -1, 0.25, 2, -0.5], [2, 4]);
  const [expected, actual] = [
    await runOnnx(bytes, { x }),
    await runOnnx(writeModel(model.graph), { x }),
  ];
  expectAllclose(actual['y'], expected['y']);
  expect(surveyModel(bytes).unsupported).toEqual([]);
  expect(outlineModel(bytes, model).layers.every(({ supported }) => supported)).toBe(true);
});

describe('what is refused', () => {
  const call: NodeSpec = { op: 'Own', inputs: ['x'], outputs: ['y'] };
  const refusal = (nodes: readonly NodeSpec[]): unknown => {
    const proto = fileWith({ Own: { inputs: ['v'], nodes } }, [call]);
    try {
      return readModel(toBinary(ModelProtoSchema, proto));
    } catch (error) {
      return error;
    }
  };

  test('a function that calls itself', () => {
    const error = refusal([{ op: 'Own', inputs: ['v'], outputs: ['result'] }]);
    expect(error).toBeInstanceOf(ModelError);
  });

  test('an operator inside that cannot be read: the message says the way to it', () => {
    const error = refusal([{ op: 'Quaternion', inputs: ['v'], outputs: ['result'] }]);
    expect(error).toBeInstanceOf(ModelError);
    expect(String(error)).toContain('Own Own0 › Quaternion Quaternion0');
  });

  test('a function that sees the values around its call', () => {
    const error = refusal([{ op: 'MatMul', inputs: ['v', 'w'], outputs: ['result'] }]);
    expect(error).toMatchObject({ reason: 'invalid' });
  });
});
