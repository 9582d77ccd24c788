/** Files of operators that move elements, and of max pools. */
import { floats, integers } from '../../src/tensor/tensor.ts';
import { type Case, ints, one, scalar, weights } from './hand-made.ts';

const FAR = 2 ** 31 - 1;
const image = [1, 2, 3, 4];

const shapes: readonly Case[] = [
  one('Reshape', 'with the batch copied', { opset: 7, x: image, operands: { s: ints(0, 6, -1) } }),
  one('Reshape', 'with the batch left open', { x: ['n', 2, 3, 4], operands: { s: ints(-1, 24) } }),
  one('Reshape', 'with a batch of 1 baked in', { x: image, operands: { s: ints(1, 24) } }),
  one('Reshape', 'with a batch of 1 baked in and an open axis', {
    x: ['n', 2, 3, 4],
    operands: { s: ints(1, -1, 4) },
  }),
  one('Reshape', 'to batch, 1 and the rest', { x: [1, 4], operands: { s: ints(1, 1, 2, 2) } }),
  one('Reshape', 'of an input without a batch', {
    x: [4, 3],
    operands: { s: ints(2, 6) },
    lifted: true,
  }),
  one('Flatten', 'as it is', { opset: 7, x: image }),
  one('Flatten', 'counted from the back', { opset: 11, x: image, attributes: { axis: -3 } }),
  one('Squeeze', 'with axes as an attribute', {
    opset: 7,
    x: [1, 1, 3, 1],
    attributes: { axes: [1, 3] },
  }),
  one('Squeeze', 'with a negative axis', { opset: 11, x: ['n', 3, 1], attributes: { axes: [-1] } }),
  one('Squeeze', 'with axes as an operand', { opset: 13, x: [1, 1, 3], operands: { a: ints(-2) } }),
  one('Unsqueeze', 'with axes as an attribute', { opset: 7, attributes: { axes: [1, 3] } }),
  one('Unsqueeze', 'with axes as an operand', { opset: 13, operands: { a: ints(-1, 1) } }),
  one('Transpose', 'of the last axes', { opset: 7, x: image, attributes: { perm: [0, 3, 1, 2] } }),
  one('Transpose', 'reversed, without a batch', { x: [3, 2, 4], lifted: true }),
];

const joins: readonly Case[] = [
  one('Concat', 'with a weight made for one sample', {
    opset: 7,
    x: ['n', 2, 3],
    operands: { w: weights(1, 1, 3) },
    attributes: { axis: 1 },
  }),
  {
    what: 'Concat-13: of three parts on the last axis, twice the same',
    opset: 13,
    inputs: { x: ['n', 2, 3] },
    outputs: ['y'],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['r'] },
      { op: 'Concat', inputs: ['x', 'r', 'x'], outputs: ['y'], attributes: { axis: -1 } },
    ],
  },
  ...constants(),
];

/** Every way to write a Constant. */
function constants(): Case[] {
  const ways = {
    value: { tensor: weights(4) },
    value_floats: { floats: [1, -2, 0.5, 3] },
    value_float: { float: 0.25 },
  } as const;
  return Object.entries(ways).map(([name, value]) => ({
    what: `Constant-13: as ${name}`,
    opset: 13,
    inputs: { x: [1, 4] },
    outputs: ['y'],
    nodes: [
      { op: 'Constant', inputs: [], outputs: ['c'], attributes: { [name]: value } },
      { op: 'Mul', inputs: ['x', 'c'], outputs: ['y'] },
    ],
  }));
}

const pads: readonly Case[] = [
  ...['constant', 'reflect', 'edge'].flatMap((mode) => [
    one('Pad', `${mode}, amounts as an attribute`, {
      opset: 7,
      x: image,
      attributes: { mode, pads: [0, 0, 2, 1, 0, 0, 1, 3], value: { float: 0.5 } },
    }),
    one('Pad', `${mode}, amounts as an operand`, {
      opset: 13,
      x: ['n', 2, 3, 4],
      operands: { p: ints(0, 0, 1, 0, 0, 0, 2, 3), v: scalar(-0.5) },
      attributes: { mode },
    }),
    one('Pad', `${mode}, of some axes`, {
      opset: 18,
      x: image,
      operands: { p: ints(1, 2, 0, 1), v: undefined, a: ints(-1, 2) },
      attributes: { mode },
    }),
  ]),
  one('Pad', 'wrap', {
    opset: 19,
    x: ['n', 2, 3],
    operands: { amounts: ints(0, 1, 2, 0, 2, 4) },
    attributes: { mode: 'wrap' },
  }),
  one('Pad', 'by negative amounts', {
    opset: 11,
    x: image,
    operands: { p: ints(0, 0, -1, 1, 0, 0, 0, -2), v: scalar(2) },
  }),
];

const selections: readonly Case[] = [
  one('Slice', 'with everything as attributes', {
    opset: 7,
    x: image,
    attributes: { starts: [1, -3], ends: [FAR, -1], axes: [1, 3] },
  }),
  one('Slice', 'with everything as operands', {
    opset: 10,
    x: ['n', 2, 3, 4],
    operands: { s: ints(0, 1), e: ints(2, 100), a: ints(-2, 3), t: ints(1, 2) },
  }),
  one('Slice', 'backwards', {
    opset: 13,
    x: image,
    operands: { s: ints(-1, 2), e: ints(-FAR, 0), a: ints(3, 2), t: ints(-1, -2) },
  }),
  one('Slice', 'that leaves the batch whole', {
    opset: 11,
    x: [1, 4],
    operands: { s: ints(0, 1), e: ints(FAR, 3) },
  }),
  one('Slice', 'that cuts the batch', {
    opset: 13,
    x: [1, 4],
    operands: { s: ints(0), e: ints(1), a: ints(0) },
    lifted: true,
  }),
  one('Gather', 'of a list, counted from both ends', {
    opset: 11,
    x: image,
    operands: { i: ints(2, 0, -1) },
    attributes: { axis: 2 },
  }),
  one('Gather', 'of one element', {
    x: ['n', 3, 2],
    operands: { i: integers([1], []) },
    attributes: { axis: -2 },
  }),
  one('Gather', 'of a matrix of positions', {
    x: ['n', 3, 2],
    operands: { i: integers([0, 2, 1, 1], [2, 2]) },
    attributes: { axis: 1 },
  }),
  one('Gather', 'of the only sample', { operands: { i: ints(0) }, lifted: true }),
];

const square = [1, 2, 5, 6];
const maxima: readonly Case[] = [
  one('MaxPool', 'as it is', { opset: 8, x: square, attributes: { kernel_shape: [2, 2] } }),
  one('MaxPool', 'with strides and uneven pads', {
    opset: 10,
    x: square,
    attributes: { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 2, 1] },
  }),
  one('MaxPool', 'with a last window cut short', {
    opset: 12,
    x: square,
    attributes: { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 },
  }),
  one('MaxPool', 'cut short behind pads', {
    opset: 12,
    x: [1, 1, 6, 6],
    attributes: { kernel_shape: [2, 3], strides: [3, 2], pads: [1, 0, 0, 1], ceil_mode: 1 },
  }),
  one('MaxPool', 'dilated', {
    opset: 12,
    x: ['n', 2, 7, 7],
    attributes: { kernel_shape: [2, 3], dilations: [3, 2] },
  }),
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((auto_pad) =>
    one('MaxPool', `padded ${auto_pad}`, {
      opset: 11,
      x: square,
      attributes: { kernel_shape: [2, 4], strides: [2, 3], auto_pad },
    }),
  ),
  one('MaxPool', 'over one axis', {
    x: [1, 2, 7],
    attributes: { kernel_shape: [3], strides: [2] },
  }),
];

/** Integers that end up in a shape. */
const integral: Case = {
  what: 'Constant-13: integers as a target shape',
  opset: 13,
  inputs: { x: [1, 4] },
  outputs: ['y'],
  nodes: [
    { op: 'Constant', inputs: [], outputs: ['s'], attributes: { value_ints: [0, 2, 2] } },
    { op: 'Reshape', inputs: ['x', 's'], outputs: ['r'] },
    { op: 'Add', inputs: ['r', 'w'], outputs: ['y'] },
  ],
  initializers: { w: floats([1, 2], [2, 1]) },
};

export const structuralCases: readonly Case[] = [
  ...shapes,
  ...joins,
  integral,
  ...pads,
  ...selections,
  ...maxima,
];
