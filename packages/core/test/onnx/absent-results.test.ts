/** Labels and positions are not read: what is made of them is left out, and the scores stay. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
} from 'onnx-buf';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { TEXT } from '../../src/onnx/element-types.ts';
import { normaliseInput } from '../../src/onnx/normalise.ts';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import { classicalCases } from './classical-cases.ts';
import { type FileSpec, ints, modelProto, onnxFile } from './hand-made.ts';
import { treeCases } from './tree-cases.ts';

test('a classifier with a label and scores is opened by its scores', async () => {
  const file = classicalCases.at(-1);
  if (!file) throw new RangeError('there is a classifier');
  const model = readModel(onnxFile({ ...file, outputs: ['answer', 'y'] }));
  expect(model.outputs.map(({ name }) => name)).toEqual(['y']);
  const classifier = await openClassifier(model, ortRuntime(ort, { name: 'onnxruntime-node' }));
  expect(classifier.classes).toBe(3);
  await classifier.release();
});

test('a support vector classifier, whose answer is a vote, is read but not opened by its scores', async () => {
  const file = classicalCases.find(({ nodes }) =>
    nodes.some(({ op }) => op === 'ai.onnx.ml.SVMClassifier'),
  );
  if (!file) throw new RangeError('there is one');
  const model = readModel(onnxFile(file));
  const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
  await expect(openClassifier(model, runtime)).rejects.toThrow(/by votes/);
});

const positions: FileSpec = {
  opset: 13,
  inputs: { x: ['n', 4] },
  outputs: ['y'],
  nodes: [
    { op: 'TopK', inputs: ['x', 'k'], outputs: ['values', 'positions'] },
    { op: 'Cast', inputs: ['positions'], outputs: ['y'], attributes: { to: 1 } },
  ],
  initializers: { k: ints(2) },
};

/** A classifier's position picks one of some texts, which are an initialiser or a constant. */
function textLabels(source: 'initialiser' | 'constant'): Uint8Array<ArrayBuffer> {
  const proto = modelProto({
    opset: 13,
    inputs: { x: ['n', 3] },
    outputs: ['label', 'y'],
    nodes: [
      { op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 1 } },
      { op: 'ArgMax', inputs: ['y'], outputs: ['position'], attributes: { axis: 1 } },
      {
        op: 'ai.onnx.ml.ArrayFeatureExtractor',
        inputs: ['classes', 'position'],
        outputs: ['picked'],
      },
      { op: 'Reshape', inputs: ['picked', 'flat'], outputs: ['label'] },
    ],
    initializers: { flat: ints(-1) },
  });
  const label = proto.graph?.output[0]?.type?.value;
  if (label?.case === 'tensorType') label.value.elemType = TEXT;
  const texts = create(TensorProtoSchema, {
    name: 'classes',
    dims: [3n],
    dataType: TEXT,
    stringData: ['low', 'mid', 'high'].map((text) => new TextEncoder().encode(text)),
  });
  if (source === 'initialiser') proto.graph?.initializer.push(texts);
  else {
    proto.graph?.node.unshift(
      create(NodeProtoSchema, {
        opType: 'Constant',
        output: ['classes'],
        attribute: [create(AttributeProtoSchema, { name: 'value', type: 4, t: texts })],
      }),
    );
  }
  return toBinary(ModelProtoSchema, proto);
}

test.each(['initialiser', 'constant'] as const)('texts are labels, held as %s', (source) => {
  const model = readModel(textLabels(source));
  expect(model.outputs.map(({ name }) => name)).toEqual(['y']);
});

test('a runtime gives the scores beside labels that are texts', async () => {
  const session = await ortRuntime(ort, { name: 'onnxruntime-node' }).session(
    textLabels('initialiser'),
  );
  const results = await session.run({ x: floats([0, 1, 2], [1, 3]) });
  expect(Object.keys(results)).toEqual(['y']);
  await session.release();
});

test('a file of trees alone need not say which version of the standard it is written in', async () => {
  const file = treeCases.find(({ what }) => what.includes('three classes'));
  if (!file) throw new RangeError('there is a classifier of trees');
  const proto = modelProto(file);
  proto.opsetImport = proto.opsetImport.filter(({ domain }) => domain !== '');
  const model = readModel(toBinary(ModelProtoSchema, proto));
  const plain = readModel(onnxFile(file));
  const mean = [0.25];
  const x = floats([0.5, -0.5, 0.1, 0.9], [1, 4]);
  const shifted = floats([0.25, -0.75, -0.15, 0.65], [1, 4]);
  const [found, expected] = await Promise.all([
    runOnnx(normaliseInput(model, { mean, std: [1] }), { x }),
    runOnnx(plain.bytes, { x: shifted }),
  ]);
  expectAllclose(found['y'], expected['y']);
});

test('a file that gives nothing else is refused', () => {
  expect(() => readModel(onnxFile(positions))).toThrow(
    expect.objectContaining({ name: 'ModelError', reason: 'unsupported' }),
  );
});
