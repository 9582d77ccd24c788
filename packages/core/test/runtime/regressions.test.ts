// A regressor's number is no class's score, whatever the labels look like; what a sigmoid makes of it is.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { type Attribute, type NodeSpec, onnxFile } from '../onnx/hand-made.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

const attributes: Readonly<Record<string, Attribute>> = {
  coefficients: { floats: [1, -1] },
  intercepts: { floats: [0.5] },
};
const regressor: NodeSpec = {
  op: 'ai.onnx.ml.LinearRegressor',
  inputs: ['x'],
  outputs: ['number'],
  attributes,
};
const sigmoid: NodeSpec = { op: 'Sigmoid', inputs: ['number'], outputs: ['p'] };

const model = (nodes: readonly NodeSpec[], output: string) =>
  readModel(onnxFile({ opset: 17, inputs: { x: ['n', 2] }, outputs: [output], nodes }));

test('a regression is refused as a classifier by its name, and has an error', async () => {
  const read = model([regressor], 'number');
  await expect(openClassifier(read, runtime)).rejects.toThrow(
    /number is the number of a LinearRegressor.*--criterion error/,
  );
  const criterion = { kind: 'error', above: 1 } as const;
  const opened = await openClassifier(read, runtime, { criterion });
  expect(opened.labelled).toBe(Infinity);
  await opened.release();
});

test('a regressor with a sigmoid behind it is a classifier of two classes', async () => {
  const classifier = await openClassifier(model([regressor, sigmoid], 'p'), runtime);
  expect(classifier.classes).toBe(2);
  const { predictions } = await classifier.judge(Float32Array.of(1, 0, 0, 1), [0, 1]);
  expect(Array.from(predictions)).toEqual([1, 0]);
  await classifier.release();
});
