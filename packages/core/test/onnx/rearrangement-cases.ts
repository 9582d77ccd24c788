/** Files of operators that cut, repeat and regroup axes, and of transposed convolutions. */
import { type Attribute, type Case, ints, one, type OneOperator, weights } from './hand-made.ts';

/** A split into parts that come together again in another order, so that each of them counts. */
function split(what: string, parts: number, spec: OneOperator & { axis: number }): Case {
  const { axis, attributes, ...rest } = spec;
  const single = one('Split', what, { ...rest, attributes: { axis, ...attributes } });
  const names = Array.from({ length: parts }, (_, i) => `part${i}`);
  const nodes = single.nodes.map((node) => ({ ...node, outputs: names }));
  const join = { op: 'Concat', inputs: [...names].reverse(), outputs: ['y'], attributes: { axis } };
  return { ...single, nodes: [...nodes, join] };
}

const splits: readonly Case[] = [
  ...[7, 11, 13].map((opset) => split('into equal parts', 3, { opset, x: [1, 6], axis: 1 })),
  split('by sizes as an attribute', 3, {
    opset: 7,
    x: ['n', 2, 6],
    axis: 2,
    attributes: { split: [1, 3, 2] },
  }),
  split('by sizes as an operand, counted from the back', 2, {
    opset: 13,
    x: [1, 2, 6],
    axis: -1,
    operands: { s: ints(2, 4) },
  }),
  split('into a number of parts', 2, {
    opset: 18,
    x: ['n', 4, 2],
    axis: 1,
    attributes: { num_outputs: 2 },
  }),
  split('into parts that do not divide it', 3, {
    opset: 18,
    x: ['n', 7],
    axis: 1,
    attributes: { num_outputs: 3 },
  }),
  split('of the first axis', 2, { opset: 13, x: [4, 2], axis: 0, lifted: true }),
];

const image = [1, 8, 2, 3];
const regrouped: readonly Case[] = [
  one('Tile', 'of one axis', { opset: 7, x: [1, 2, 3], operands: { r: ints(1, 1, 2) } }),
  one('Tile', 'of all axes behind the batch', {
    opset: 13,
    x: ['n', 2, 3],
    operands: { r: ints(1, 3, 2) },
  }),
  one('Tile', 'of a matrix without a batch', {
    x: [4, 3],
    operands: { r: ints(2, 1) },
    lifted: true,
  }),
  one('DepthToSpace', 'depth first', { opset: 7, x: image, attributes: { blocksize: 2 } }),
  ...['DCR', 'CRD'].flatMap((mode) =>
    [11, 13].map((opset) =>
      one('DepthToSpace', mode, { opset, x: ['n', 8, 2, 3], attributes: { blocksize: 2, mode } }),
    ),
  ),
  ...[7, 13].map((opset) =>
    one('SpaceToDepth', 'as it is', { opset, x: [1, 2, 4, 6], attributes: { blocksize: 2 } }),
  ),
];

const transposed = (what: string, attributes: Record<string, Attribute> = {}): Case =>
  one('ConvTranspose', what, {
    opset: 11,
    x: [1, 4, 3, 4],
    operands: { w: weights(4, 2, 3, 2), b: weights(2) },
    attributes,
  });

const transposedConvolutions: readonly Case[] = [
  one('ConvTranspose', 'without a bias', {
    opset: 7,
    x: ['n', 4, 3, 4],
    operands: { w: weights(4, 2, 3, 2) },
  }),
  transposed('as it is'),
  transposed('with strides and uneven pads', { strides: [2, 3], pads: [1, 0, 2, 1] }),
  transposed('with padding of the output', { strides: [2, 3], output_padding: [1, 2] }),
  transposed('with a given size', { strides: [2, 3], output_shape: [6, 10] }),
  transposed('with a given size that cuts unevenly', {
    strides: [2, 2],
    output_shape: [6, 7],
    auto_pad: 'SAME_UPPER',
  }),
  transposed('dilated', { dilations: [2, 3] }),
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((auto_pad) =>
    transposed(`padded ${auto_pad}`, { auto_pad, strides: [2, 1] }),
  ),
  one('ConvTranspose', 'in groups', {
    x: ['n', 4, 3, 4],
    operands: { w: weights(4, 3, 2, 2), b: weights(6) },
    attributes: { group: 2, strides: [2, 2] },
  }),
  one('ConvTranspose', 'over one axis', {
    x: [1, 2, 5],
    operands: { w: weights(2, 3, 3) },
    attributes: { strides: [2], pads: [1, 1], output_padding: [1] },
  }),
];

export const rearrangementCases: readonly Case[] = [
  ...splits,
  ...regrouped,
  ...transposedConvolutions,
];
