/** What would be misread is refused, by a sentence that names the operator and its node. */
import { expect, test } from 'vitest';
import { ModelError } from '../../src/onnx/model-error.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { runOnnx } from '../onnxruntime.ts';
import { floats, integers } from '../../src/tensor/tensor.ts';
import { type FileSpec, type NodeSpec, onnxFile } from './hand-made.ts';

const node = (op: string, inputs: readonly string[], output = 'y', to?: number): NodeSpec => ({
  op,
  inputs,
  outputs: [output],
  ...(to === undefined ? {} : { attributes: { to } }),
});

const INT64 = 7;
const UINT8 = 2;

const refused: readonly (readonly [what: string, message: RegExp, nodes: readonly NodeSpec[]])[] = [
  [
    'a division of whole numbers made of the input',
    /Div Div1: it computes with whole numbers/,
    [node('Cast', ['x'], 'i', INT64), node('Div', ['i', 'two'])],
  ],
  [
    'a function of truth values',
    /Exp Exp1: it computes with whole numbers or truth values/,
    [node('Greater', ['x', 'half'], 'm'), node('Exp', ['m'])],
  ],
  [
    'a cast that wraps around',
    /Cast Cast0: data can be cast to/,
    [node('Cast', ['x'], 'y', UINT8)],
  ],
  ['one-hot maxima', /Hardmax .* is not supported/, [node('Hardmax', ['x'])]],
  [
    'a power of whole numbers made of the input',
    /Pow Pow1: it computes with whole numbers/,
    [node('Cast', ['x'], 'i', INT64), node('Pow', ['i', 'two'])],
  ],
  ['an infinite exponent', /Pow Pow0: an exponent is not/, [node('Pow', ['x', 'endless'])]],
  [
    'a scale that depends on the data',
    /DynamicQuantizeLinear/,
    [node('DynamicQuantizeLinear', ['x'])],
  ],
  [
    'scores at positions made of the input',
    /GatherElements GatherElements\d computes with at, which is a label or a position .* give the model an output of scores/,
    [
      { op: 'TopK', inputs: ['x', 'two'], outputs: ['best', 'at'] },
      node('GatherElements', ['x', 'at']),
    ],
  ],
  [
    'a constant with another attribute, which runtimes take for its value',
    /Constant Constant0: it has more attributes than its value/,
    [
      {
        op: 'Constant',
        inputs: [],
        outputs: ['c'],
        attributes: { alpha: { float: 2.5 }, value_floats: { floats: [1, 2] } },
      },
      node('Mul', ['x', 'c']),
    ],
  ],
  [
    'places that are not zero',
    /NonZero NonZero0: operand 0 must be a constant, .*: export the model with fixed sizes/,
    [node('NonZero', ['x'])],
  ],
];

test.each(refused)('%s', (_, message, nodes) => {
  const file: FileSpec = {
    opset: 13,
    inputs: { x: [1, 2] },
    outputs: ['y'],
    nodes,
    initializers: { two: integers([2]), half: floats([0.5], []), endless: floats([2, Infinity]) },
  };
  expect(() => readModel(onnxFile(file))).toThrow(message);
});

test('a path of many calls keeps its beginning, its end and the cause', () => {
  const calls = Array.from({ length: 40 }, (_, i) => `F call${i}`).join(' › ');
  expect(new ModelError('invalid', `${calls}: it is wrong`).message).toBe(
    'F call0 › F call1 › … › F call37 › F call38 › F call39: it is wrong',
  );
});

test('a file without a node hands its input on', async () => {
  const bytes = onnxFile({ opset: 17, inputs: { x: ['n', 2] }, outputs: ['x'], nodes: [] });
  const { graph, batched } = readModel(bytes);
  expect(batched).toBe(true);
  const x = floats([1, 2, 3, 4], [2, 2]);
  expect((await runOnnx(writeModel(graph), { x }))['x']?.data).toEqual(x.data);
});

/** Products of samples with each other, x xᵀ x: of one sample they are its own. */
test('a file that multiplies the samples of a batch is read for one, and its graph for many', async () => {
  const nodes = [
    node('Transpose', ['x'], 'turned'),
    node('MatMul', ['x', 'turned'], 'products'),
    node('MatMul', ['products', 'x']),
  ];
  const bytes = onnxFile({ opset: 17, inputs: { x: ['n', 3] }, outputs: ['y'], nodes });
  const { graph, batched, lifted } = readModel(bytes);
  expect({ batched, lifted }).toEqual({ batched: true, lifted: true });
  // (x·xᵀ)·x of each row alone: five times [1, 2, 0], and once [0, 0, 1].
  const x = floats([1, 2, 0, 0, 0, 1], [2, 3]);
  const { y } = await runOnnx(writeModel(graph), { x });
  expect(Array.from(y?.data ?? [], Number)).toEqual([5, 10, 0, 0, 0, 1]);
});
