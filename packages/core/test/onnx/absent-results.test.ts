/** Labels and positions are not read: what is made of them is left out, and the scores stay. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { classicalCases } from './classical-cases.ts';
import { type FileSpec, ints, onnxFile } from './hand-made.ts';

test('a classifier with a label and scores is opened by its scores', async () => {
  const file = classicalCases.at(-1);
  if (!file) throw new RangeError('there is a classifier');
  const model = readModel(onnxFile({ ...file, outputs: ['answer', 'y'] }));
  expect(model.outputs.map(({ name }) => name)).toEqual(['y']);
  const classifier = await openClassifier(model, ortRuntime(ort, { name: 'onnxruntime-node' }));
  expect(classifier.classes).toBe(3);
  await classifier.release();
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

test('a file that gives nothing else is refused', () => {
  expect(() => readModel(onnxFile(positions))).toThrow(
    expect.objectContaining({ name: 'ModelError', reason: 'unsupported' }),
  );
});
