/** What would be misread is refused, by a sentence that names the operator and its node. */
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
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
