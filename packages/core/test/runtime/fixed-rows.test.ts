/** Files exported for exactly n samples: models of one where samples do not meet, held to the file itself. */
import { toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { Draw } from '../generators/draw.ts';
import { ints, modelProto, type NodeSpec, weights } from '../onnx/hand-made.ts';
import { load } from '../onnxruntime.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const ROWS = 3;

/** A file whose input is [3, 6] and whose output is declared [3, 4]. */
function exported(nodes: readonly NodeSpec[]): Uint8Array {
  const proto = modelProto({
    opset: 13,
    inputs: { x: [ROWS, 6], y: [ROWS, 4] },
    outputs: ['y'],
    nodes,
    initializers: { w: weights(6, 4), sizes: ints(ROWS, 4), halves: ints(ROWS, 2, 2) },
  });
  const { graph } = proto;
  if (!graph) throw new RangeError('the file has no graph');
  // What was made for an input of that name declares the output.
  graph.output = graph.input.splice(1, 1);
  return toBinary(ModelProtoSchema, proto);
}

const product: NodeSpec = { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] };
const relu = (input: string): NodeSpec => ({ op: 'Relu', inputs: [input], outputs: ['y'] });
const reshape = (from: string, shape: string, to: string): NodeSpec => ({
  op: 'Reshape',
  inputs: [from, shape],
  outputs: [to],
});

test.each([
  ['that names the number in its ports alone', [product, relu('h')], true],
  [
    'that names the number inside',
    [product, reshape('h', 'halves', 'r'), reshape('r', 'sizes', 's'), relu('s')],
    false,
  ],
] as const)('a file %s is a model of one sample', async (_, nodes, own) => {
  const bytes = exported(nodes);
  const classifier = await openClassifier(readModel(bytes), runtime);
  expect(classifier.sampleShape).toEqual([6]);
  expect(classifier.classes).toBe(4);
  expect(classifier.model.batched).toBe(true);
  expect(classifier.model.lifted).toBe(!own);
  expect(classifier.notes.join(' ')).toContain('exported for 3 samples');
  const draw = new Draw(80);
  const rows = Float32Array.from({ length: ROWS * 6 }, () => draw.real(-1, 1));
  const { scores } = await classifier.judge(rows, [0, 1, 2]);
  const { y } = await (await load(bytes)).run({ x: floats(rows, [ROWS, 6]) });
  expectAllclose(
    { shape: [12], data: scores },
    { shape: [12], data: Array.from(y?.data ?? [], Number) },
  );
  await classifier.release();
});

test('a file whose samples meet stays a model of all of them', async () => {
  const meeting = { op: 'Softmax', inputs: ['h'], outputs: ['y'], attributes: { axis: 0 } };
  const classifier = await openClassifier(readModel(exported([product, meeting])), runtime);
  expect(classifier.sampleShape).toEqual([ROWS, 6]);
  await classifier.release();
});
