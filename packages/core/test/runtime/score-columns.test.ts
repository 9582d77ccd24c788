// Scores that a file gives as one output a class are judged together; a column, a confidence or one number
// of several is never taken for the logit of class 1.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { type NodeSpec, ints, onnxFile } from '../onnx/hand-made.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

/** z0 = x0 + 1, z1 = −x0, z2 = x1: class 0 from x0 = −½ on where x1 is low. */
const w = floats([1, -1, 0, 0, 0, 1], [2, 3]);
const shift = floats([1, 0, 0], [3]);
const linear: readonly NodeSpec[] = [
  { op: 'MatMul', inputs: ['x', 'w'], outputs: ['product'] },
  { op: 'Add', inputs: ['product', 'shift'], outputs: ['z'] },
];
const initializers = {
  w,
  shift,
  one: ints(1),
  flat: ints(-1),
  first: floats([1], [1]),
  ...Object.fromEntries([0, 1, 2, 3].map((i) => [`at${i}`, ints(i)])),
};

const slice = (from: string, at: number, to: string): NodeSpec => ({
  op: 'Slice',
  inputs: [from, `at${at}`, `at${at + 1}`, 'one'],
  outputs: [to],
});

const softmax: NodeSpec = {
  op: 'Softmax',
  inputs: ['z'],
  outputs: ['p'],
  attributes: { axis: 1 },
};

function opened(
  nodes: readonly NodeSpec[],
  outputs: readonly string[],
  output?: string,
): Promise<Classifier> {
  const nodesOfFile = [...linear, ...nodes];
  const file = { opset: 17, inputs: { x: ['n', 2] }, outputs, nodes: nodesOfFile, initializers };
  const types = { label: 'int64' } as const;
  const bytes = onnxFile({ ...file, types });
  return openClassifier(readModel(bytes, output === undefined ? {} : { output }), runtime);
}

const points = Float32Array.of(0, 0, -2, 0, 0, 3);

test.each([
  ['Slices', [0, 1, 2].map((i) => slice('p', i, `p${i}`)), ['p0', 'p1', 'p2']],
  [
    'flat Slices',
    [0, 1, 2].flatMap((i) => [
      slice('p', i, `c${i}`),
      { op: 'Reshape', inputs: [`c${i}`, 'flat'], outputs: [`p${i}`] },
    ]),
    ['p0', 'p1', 'p2'],
  ],
  [
    'a Split',
    [{ op: 'Split', inputs: ['p'], outputs: ['p0', 'p1', 'p2'], attributes: { axis: 1 } }],
    ['p0', 'p1', 'p2'],
  ],
] satisfies [string, NodeSpec[], string[]][])(
  'columns taken by %s are the scores of their classes, and the softmax before them is seen',
  async (_, nodes, outputs) => {
    const classifier = await opened([softmax, ...nodes], outputs);
    expect(classifier.classes).toBe(3);
    expect(classifier.notes.join(' ')).toMatch(/p0, p1, p2 are the columns .*softmax/);
    const { predictions } = await classifier.judge(points, [0, 1, 2]);
    expect(Array.from(predictions)).toEqual([0, 1, 2]);
    await classifier.release();
  },
);

test('columns in another order are classes in the order of the outputs', async () => {
  const nodes = [slice('z', 2, 'a'), slice('z', 0, 'b'), slice('z', 1, 'c')];
  const classifier = await opened(nodes, ['a', 'b', 'c']);
  const { predictions } = await classifier.judge(points, [0, 1, 2]);
  expect(Array.from(predictions)).toEqual([1, 2, 0]);
  await classifier.release();
});

test('one minus a sigmoid and the sigmoid, taken apart, are two classes with one logit', async () => {
  const classifier = await opened(
    [
      slice('z', 0, 'logit'),
      { op: 'Sigmoid', inputs: ['logit'], outputs: ['s'] },
      { op: 'Sub', inputs: ['first', 's'], outputs: ['rest'] },
      { op: 'Concat', inputs: ['rest', 's'], outputs: ['both'], attributes: { axis: 1 } },
      slice('both', 0, 'i0'),
      slice('both', 1, 'i1'),
    ],
    ['i0', 'i1'],
  );
  expect(classifier.classes).toBe(2);
  expect(classifier.notes.join(' ')).toContain('a sigmoid');
  const { predictions } = await classifier.judge(points, [0, 1, 2]);
  expect(Array.from(predictions)).toEqual([1, 0, 1]);
  await classifier.release();
});

const greatest: NodeSpec = {
  op: 'ReduceMax',
  inputs: ['p'],
  outputs: ['sure'],
  attributes: { axes: [1], keepdims: 0 },
};
const label: NodeSpec = {
  op: 'ArgMax',
  inputs: ['p'],
  outputs: ['label'],
  attributes: { axis: 1, keepdims: 0 },
};

test('a confidence beside a label is refused, and the label leads to the scores', async () => {
  const nodes = [softmax, greatest, label];
  await expect(opened(nodes, ['sure', 'label'])).rejects.toThrow(/sure is the greatest .*--output/);
  const classifier = await opened(nodes, ['sure', 'label'], 'label');
  const { predictions } = await classifier.judge(points, [0, 1, 2]);
  expect(Array.from(predictions)).toEqual([0, 1, 2]);
  await classifier.release();
});

test.each([
  ['a chosen column', [slice('z', 0, 'a')], ['a'], /a is one column, number 0, of a table of 3/],
  [
    'some columns of several',
    [slice('z', 0, 'a'), slice('z', 1, 'b')],
    ['a', 'b'],
    /outputs a, b .*--output/,
  ],
  [
    'numbers of two kinds',
    [
      slice('z', 0, 'c'),
      { op: 'Relu', inputs: ['c'], outputs: ['a'] },
      { op: 'Tanh', inputs: ['c'], outputs: ['b'] },
    ],
    ['a', 'b'],
    /outputs a, b .*--output/,
  ],
  [
    'the greatest by TopK',
    [{ op: 'TopK', inputs: ['z', 'at1'], outputs: ['sure', 'label'] }],
    ['sure', 'label'],
    /sure is the greatest/,
  ],
] satisfies [string, NodeSpec[], string[], RegExp][])(
  '%s: not judged as one logit',
  async (_, nodes, outputs, message) => {
    await expect(opened(nodes, outputs)).rejects.toThrow(message);
  },
);
