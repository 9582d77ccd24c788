/** Files of normalisations by the input's own statistics, and of attention, which goes with them. */
import { type Case, ints, type NodeSpec, one, scalar, weights } from './hand-made.ts';

const image = [1, 4, 3, 2];

const layers: readonly Case[] = [
  one('LayerNormalization', 'of the last axis', {
    x: ['n', 3, 4],
    operands: { s: weights(4), b: weights(4) },
  }),
  one('LayerNormalization', 'of two axes without a bias', {
    x: [1, 2, 3, 4],
    operands: { s: weights(3, 4) },
    attributes: { axis: -2, epsilon: { float: 0.01 } },
  }),
  {
    ...one('LayerNormalization', 'with mean and deviation used', {
      x: [1, 3, 4],
      operands: { s: weights(4), b: weights(4) },
    }),
    nodes: [
      { op: 'LayerNormalization', inputs: ['x', 's', 'b'], outputs: ['v', 'm', 'd'] },
      { op: 'Add', inputs: ['v', 'm'], outputs: ['vm'] },
      { op: 'Mul', inputs: ['vm', 'd'], outputs: ['y'] },
    ],
  },
];

const others: readonly Case[] = [
  ...[7, 22].map((opset) =>
    one('InstanceNormalization', 'of an image', {
      opset,
      x: image,
      operands: { s: weights(4), b: weights(4) },
    }),
  ),
  one('InstanceNormalization', 'of a sequence', {
    x: ['n', 2, 5],
    operands: { s: weights(2), b: weights(2) },
    attributes: { epsilon: { float: 0.1 } },
  }),
  one('GroupNormalization', 'with a scale for each group', {
    opset: 18,
    x: image,
    operands: { s: weights(2), b: weights(2) },
    attributes: { num_groups: 2 },
  }),
  one('GroupNormalization', 'with a scale for each channel', {
    opset: 21,
    x: ['n', 4, 3, 2],
    operands: { s: weights(4), b: weights(4) },
    attributes: { num_groups: 2, epsilon: { float: 0.01 } },
  }),
  ...[1, 2].map((p) =>
    one('LpNormalization', `by ℓ${p}`, { opset: 7, x: ['n', 3, 4], attributes: { p } }),
  ),
  one('LRN', 'of five channels, as in AlexNet', {
    x: ['n', 7, 3, 2],
    attributes: { size: 5, bias: { float: 2 } },
  }),
  one('LRN', 'over more channels than there are', {
    opset: 7,
    x: image,
    attributes: { size: 11, alpha: { float: 0.9 }, beta: { float: 0.6 } },
  }),
  one('LRN', 'of a channel alone, to a whole power', {
    opset: 13,
    x: ['n', 3, 2, 2],
    attributes: { size: 1, alpha: { float: 2 }, beta: { float: 1 }, bias: { float: 0.5 } },
  }),
  one('LpNormalization', 'of the channels', { x: image, attributes: { axis: 1 } }),
];

const node = (op: string, inputs: readonly string[], output: string): NodeSpec => ({
  op,
  inputs,
  outputs: [output],
});

/** softmax(Q·Kᵀ/√d)·V of two heads, as exporters write it, with the residual and the normalisation. */
export const attention: Case = {
  what: 'MatMul-17: attention of two heads',
  opset: 17,
  inputs: { x: ['n', 3, 4] },
  outputs: ['y'],
  nodes: [
    ...['q', 'k', 'v'].flatMap((name) => [
      node('MatMul', ['x', `w${name}`], `${name}0`),
      node('Reshape', [`${name}0`, 'heads'], `${name}1`),
      {
        ...node('Transpose', [`${name}1`], name),
        attributes: { perm: name === 'k' ? [0, 2, 3, 1] : [0, 2, 1, 3] },
      },
    ]),
    node('MatMul', ['q', 'k'], 'scores0'),
    node('Div', ['scores0', 'root'], 'scores'),
    { ...node('Softmax', ['scores'], 'shares'), attributes: { axis: -1 } },
    node('MatMul', ['shares', 'v'], 'mixed0'),
    { ...node('Transpose', ['mixed0'], 'mixed1'), attributes: { perm: [0, 2, 1, 3] } },
    node('Reshape', ['mixed1', 'whole'], 'mixed'),
    node('MatMul', ['mixed', 'wo'], 'projected'),
    node('Add', ['x', 'projected'], 'residual'),
    { ...node('LayerNormalization', ['residual', 's', 'b'], 'y'), attributes: { axis: -1 } },
  ],
  initializers: {
    wq: weights(4, 4),
    wk: weights(4, 4),
    wv: weights(4, 4),
    wo: weights(4, 4),
    heads: ints(0, 0, 2, 2),
    whole: ints(0, 0, 4),
    root: scalar(Math.SQRT2),
    s: weights(4),
    b: weights(4),
  },
};

export const normalisationCases: readonly Case[] = [...layers, ...others, attention];
