/** What the columns of classical classifiers are called: held to the answers that ONNX Runtime gives. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats, integers } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { load } from '../onnxruntime.ts';
import { type Attribute, type FileSpec, type NodeSpec, onnxFile, weights } from './hand-made.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

const classifier = (labels: Readonly<Record<string, Attribute>>): NodeSpec => ({
  op: 'ai.onnx.ml.LinearClassifier',
  inputs: ['x'],
  outputs: ['label', 'scores'],
  attributes: {
    coefficients: { floats: Array.from(weights(12).data) },
    intercepts: { floats: [0.1, -0.2, 0.3] },
    multi_class: 1,
    post_transform: 'SOFTMAX',
    ...labels,
  },
});

const file = (nodes: readonly NodeSpec[], output: string): FileSpec => ({
  opset: 17,
  inputs: { x: ['n', 4] },
  outputs: ['label', output],
  types: { label: 'int64' },
  nodes,
  initializers: { w: weights(4, 3), classes: integers([5, 2, 40]) },
});

const files: Readonly<Record<string, FileSpec>> = {
  'a linear classifier': file([classifier({ classlabels_ints: [40, 5, 2] })], 'scores'),
  'a linear classifier whose scores are scaled': file(
    [
      classifier({ classlabels_ints: [40, 5, 2] }),
      {
        op: 'ai.onnx.ml.Normalizer',
        inputs: ['scores'],
        outputs: ['y'],
        attributes: { norm: 'L1' },
      },
    ],
    'y',
  ),
  'the list that the answer is picked from': file(
    [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] },
      { op: 'Softmax', inputs: ['z'], outputs: ['y'] },
      { op: 'ArgMax', inputs: ['y'], outputs: ['best'], attributes: { axis: 1 } },
      { op: 'ai.onnx.ml.ArrayFeatureExtractor', inputs: ['classes', 'best'], outputs: ['picked'] },
      { op: 'Cast', inputs: ['picked'], outputs: ['label'], attributes: { to: 7 } },
    ],
    'y',
  ),
};

test.each(Object.entries(files))('%s names the columns', async (_, spec) => {
  const bytes = onnxFile(spec);
  const opened = await openClassifier(readModel(bytes), runtime);
  const { classLabels } = opened;
  expect(classLabels?.length).toBe(3);
  const draw = new Draw(70);
  const rows = Float32Array.from({ length: 80 }, () => draw.real(-2, 2));
  const { predictions } = await opened.judge(
    rows,
    Array.from({ length: 20 }, (__, i) => i),
  );
  const { label } = await (await load(bytes)).run({ x: floats(rows, [20, 4]) });
  const answers = Array.from(label?.data ?? [], Number);
  expect(Array.from(predictions, (column) => classLabels?.[column])).toEqual(answers);
  expect(new Set(answers).size).toBeGreaterThan(1);
  await opened.release();
});

test('texts are read as UTF-8, and names that do not tell classes apart are left', () => {
  const labelled = (texts: readonly string[]): unknown => {
    const spec = { ...file([classifier({ classlabels_strings: { texts } })], 'scores'), types: {} };
    return readModel(onnxFile({ ...spec, outputs: ['scores'] })).classLabels.get('scores');
  };
  expect(labelled(['ébène', 'if', '楓'])).toEqual(['ébène', 'if', '楓']);
  expect(labelled(['a', 'b', 'a'])).toBeUndefined();
});
