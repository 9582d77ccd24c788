/** Files whose shapes are computed while they run, as exporters write them for a free batch. */
import { floats, integers } from '../../src/tensor/tensor.ts';
import { type Case, ints, type NodeSpec, weights } from './hand-made.ts';

const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeSpec['attributes'] = {},
): NodeSpec => ({ op, inputs, outputs: [output], attributes });

const free = { opset: 13, inputs: { x: ['n', 2, 3] }, outputs: ['y'] } as const;

export const shapeCases: readonly Case[] = [
  {
    ...free,
    inputs: { x: ['n', 3, 3] },
    what: 'Range and Less: what lies ahead in a sequence is masked',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('Gather', ['shape', 'two'], 'length', { axis: 0 }),
      node('Range', ['zero', 'length', 'one'], 'positions'),
      node('Unsqueeze', ['positions', 'behind'], 'rows'),
      node('Unsqueeze', ['positions', 'front'], 'columns'),
      node('Less', ['rows', 'columns'], 'ahead'),
      node('Where', ['ahead', 'far', 'x'], 'y'),
    ],
    initializers: {
      zero: integers([0], []),
      one: integers([1], []),
      two: integers([2], []),
      behind: ints(1),
      front: ints(0),
      far: floats([-9], []),
    },
  },
  {
    ...free,
    what: 'GreaterOrEqual, Not, And and Where: a target is chosen by the shape',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('Gather', ['shape', 'last'], 'size', { axis: 0 }),
      node('GreaterOrEqual', ['size', 'three'], 'long'),
      node('LessOrEqual', ['size', 'three'], 'short'),
      node('Not', ['long'], 'no'),
      node('Or', ['no', 'short'], 'either'),
      node('And', ['either', 'long'], 'both'),
      node('Where', ['both', 'tall', 'flat'], 'target'),
      node('Mod', ['target', 'sevens'], 'same'),
      node('Reshape', ['x', 'same'], 'y'),
    ],
    initializers: {
      last: integers([2], []),
      three: integers([3], []),
      tall: ints(-1, 6),
      flat: ints(-1, 3),
      sevens: ints(-7, 7),
    },
  },
  {
    ...free,
    what: 'Slice: pads of a table are turned around, last axis first',
    nodes: [
      node('Concat', ['pads', 'none'], 'flat', { axis: 0 }),
      node('Reshape', ['flat', 'pairs'], 'table'),
      node('Slice', ['table', 'end', 'beyond', 'front', 'end'], 'turned'),
      node('Transpose', ['turned'], 'sides', { perm: [1, 0] }),
      node('Reshape', ['sides', 'end'], 'amounts'),
      node('Pad', ['x', 'amounts'], 'y', { mode: 'edge' }),
    ],
    initializers: {
      pads: ints(1, 2, 0, 1),
      none: ints(0, 0),
      pairs: ints(-1, 2),
      end: ints(-1),
      beyond: integers([Number.MIN_SAFE_INTEGER]),
      front: ints(0),
    },
  },
  {
    ...free,
    what: 'Shape: of a shape, whose length fills another one',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('Shape', ['shape'], 'rank'),
      node('Size', ['shape'], 'count'),
      node('Add', ['rank', 'count'], 'six'),
      node('Concat', ['open', 'six'], 'target', { axis: 0 }),
      node('Reshape', ['x', 'target'], 'y'),
    ],
    initializers: { open: ints(-1) },
  },
  {
    ...free,
    what: 'Shape: the batch is taken out of the shape and put into a Reshape',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('Gather', ['shape', 'zero'], 'batch', { axis: 0 }),
      node('Unsqueeze', ['batch', 'axis'], 'first'),
      node('Concat', ['first', 'rest'], 'target', { axis: 0 }),
      node('Reshape', ['x', 'target'], 'y'),
    ],
    initializers: { zero: integers([0], []), axis: ints(0), rest: ints(-1) },
  },
  {
    ...free,
    opset: 17,
    what: 'Shape: from an axis to an axis, for a Reshape',
    nodes: [
      node('Shape', ['x'], 'batch', { start: 0, end: -2 }),
      node('Shape', ['x'], 'last', { start: -1 }),
      node('Concat', ['batch', 'last', 'rest'], 'target', { axis: 0 }),
      node('Reshape', ['x', 'target'], 'y'),
    ],
    initializers: { rest: ints(-1) },
  },
  {
    ...free,
    what: 'Size and Cast: divided by a number of elements',
    inputs: { x: [1, 4] },
    nodes: [
      node('Size', ['w'], 'count'),
      node('Cast', ['count'], 'divisor', { to: 1 }),
      node('Div', ['x', 'divisor'], 'y'),
    ],
    initializers: { w: weights(4) },
  },
  {
    ...free,
    what: 'Cast: of a value that has the type already',
    nodes: [node('Cast', ['x'], 'y', { to: 1 })],
  },
  {
    ...free,
    what: 'ConstantOfShape: ones of the shape of the input',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('ConstantOfShape', ['shape'], 'ones', { value: { tensor: floats([1]) } }),
      node('Sub', ['ones', 'x'], 'y'),
    ],
  },
  {
    ...free,
    what: 'ConstantOfShape: zeros when no value is given',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('ConstantOfShape', ['shape'], 'zeros'),
      node('Max', ['zeros', 'x'], 'y'),
    ],
  },
  {
    ...free,
    what: 'Expand: a weight to the shape of the input, as a class token is',
    nodes: [
      node('Shape', ['x'], 'shape'),
      node('Expand', ['w', 'shape'], 'wide'),
      node('Concat', ['wide', 'x'], 'y', { axis: 1 }),
    ],
    initializers: { w: weights(1, 1, 3) },
  },
  {
    ...free,
    what: 'Expand: to constant sizes, where 1 keeps what is there',
    inputs: { x: [1, 2, 1] },
    nodes: [node('Expand', ['x', 'target'], 'y')],
    initializers: { target: ints(1, 1, 3) },
  },
];
