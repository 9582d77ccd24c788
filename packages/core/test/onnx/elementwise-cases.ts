/** Files of elementwise operators. */
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { type Case, type NodeSpec, one, scalar, weights } from './hand-made.ts';

const plain = ['Neg', 'Abs', 'Exp', 'Identity'];
const ofPositives = ['Log', 'Sqrt', 'Reciprocal'];

/** |x| + ½ before the operator, which needs a positive operand. */
function positively(op: string): Case {
  const nodes: NodeSpec[] = [
    { op: 'Abs', inputs: ['x'], outputs: ['abs'] },
    { op: 'Add', inputs: ['abs', 'half'], outputs: ['positive'] },
    { op, inputs: ['positive'], outputs: ['y'] },
  ];
  const initializers = { half: scalar(0.5) };
  return {
    what: `${op}-13`,
    opset: 13,
    inputs: { x: [1, 4] },
    outputs: ['y'],
    nodes,
    initializers,
  };
}

export const elementwiseCases: readonly Case[] = [
  ...plain.flatMap((op) => [one(op, 'as it is', { opset: 7 }), one(op, 'as it is', { opset: 17 })]),
  ...ofPositives.map(positively),
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Sum'].map((op) =>
    one(op, 'with a weight that broadcasts', {
      x: [1, 2, 4],
      operands: { w: floats([1, 2, 3, 4]) },
    }),
  ),
  ...['Max', 'Min', 'Sum', 'Mean'].flatMap((op) => [
    one(op, 'of one value', { opset: 8 }),
    one(op, 'of three values', { opset: 8, operands: { v: weights(4), w: weights(1, 1) } }),
  ]),
  {
    what: 'Sub of a value from a weight, of two inputs, and of an expression from itself',
    opset: 14,
    inputs: { x: ['n', 3], z: ['n', 3] },
    outputs: ['y'],
    nodes: [
      { op: 'Sub', inputs: ['w', 'x'], outputs: ['a'] },
      { op: 'Mul', inputs: ['a', 'z'], outputs: ['b'] },
      { op: 'Div', inputs: ['b', 'w'], outputs: ['c'] },
      { op: 'Sub', inputs: ['c', 'a'], outputs: ['y'] },
    ],
    initializers: { w: floats([1, -2, 0.5]) },
  },
  one('Clip', 'with limits as attributes', {
    opset: 7,
    attributes: { min: { float: -0.2 }, max: { float: 0.4 } },
  }),
  one('Clip', 'with one limit as an attribute', { opset: 10, attributes: { max: { float: 0.1 } } }),
  one('Clip', 'without limits', { opset: 6 + 1 }),
  one('Clip', 'with limits as operands', {
    opset: 11,
    operands: { low: scalar(-0.1), high: scalar(0.2) },
  }),
  one('Clip', 'with an upper limit only', {
    opset: 13,
    operands: { low: undefined, high: scalar(0.2) },
  }),
  one('Clip', 'with a lower limit only', { opset: 13, operands: { low: scalar(0) } }),
  one('Dropout', 'with the ratio as an attribute', {
    opset: 7,
    attributes: { ratio: { float: 0.2 } },
  }),
  one('Dropout', 'with the ratio as an operand', { opset: 12, operands: { ratio: scalar(0.2) } }),
  one('Dropout', 'told not to train', {
    opset: 13,
    operands: { ratio: scalar(0.2), training: tensor('bool', [], Uint8Array.of(0)) },
  }),
];
