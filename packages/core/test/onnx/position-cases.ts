/** Files of operators whose positions are known when reading, and of constant patterns. */
import { floats, integers, type Tensor } from '../../src/tensor/tensor.ts';
import { type Case, ints, type NodeSpec, one, scalar, weights } from './hand-made.ts';

const table = (values: readonly number[], ...shape: number[]): Tensor<'int64'> =>
  integers(values, shape);

const gathers: readonly Case[] = [
  ...[11, 13].map((opset) =>
    one('GatherElements', 'on the last axis', {
      opset,
      x: ['n', 2, 3],
      operands: { i: table([0, 2, 1, -1, 0, 0, 1, 2], 1, 2, 4) },
      attributes: { axis: -1 },
    }),
  ),
  one('GatherElements', 'with fewer rows than there are', {
    x: [1, 3, 2],
    operands: { i: table([2, 0], 1, 1, 2) },
    attributes: { axis: 1 },
  }),
  one('GatherElements', 'of the only sample', {
    x: [1, 3],
    operands: { i: table([0, 0, 0], 1, 3) },
    attributes: { axis: 0 },
    lifted: true,
  }),
  one('GatherND', 'of elements of every sample', {
    opset: 12,
    x: ['n', 2, 3],
    operands: { i: table([0, 2, 1, -1, 0, 0], 1, 3, 2) },
    attributes: { batch_dims: 1 },
  }),
  {
    what: 'GatherND: of places in front, the batch behind them',
    opset: 13,
    inputs: { x: ['n', 2, 3, 2] },
    outputs: ['y'],
    nodes: [
      { op: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [1, 2, 0, 3] } },
      { op: 'GatherND', inputs: ['t', 'i'], outputs: ['g'] },
      { op: 'Transpose', inputs: ['g'], outputs: ['y'], attributes: { perm: [2, 1, 0, 3] } },
    ],
    initializers: { i: table([0, 2, 1, -1, 0, 0, 1, 1], 2, 2, 2) },
  },
  one('GatherND', 'of rows of every sample', {
    opset: 13,
    x: [1, 3, 2],
    operands: { i: table([2, 0], 1, 2, 1) },
    attributes: { batch_dims: 1 },
  }),
  one('GatherND', 'of rows of the only sample', {
    opset: 11,
    x: [1, 3, 2],
    operands: { i: table([0, 2, 0, 1], 1, 2, 2) },
    lifted: true,
  }),
];

/** Scatters a part of the input, or weights, into the input. */
function scatter(
  op: string,
  what: string,
  spec: { opset: number } & Partial<Case>,
  i: Tensor,
): Case {
  const nodes: NodeSpec[] = [
    { op: 'Slice', inputs: ['x', 'zero', 'two', 'last'], outputs: ['part'] },
    { op: 'Neg', inputs: ['part'], outputs: ['u'] },
    { op, inputs: ['x', 'i', 'u'], outputs: ['y'], attributes: { axis: -1 } },
  ];
  return {
    what: `${op}-${spec.opset}: ${what}`,
    inputs: { x: ['n', 2, 3] },
    outputs: ['y'],
    nodes,
    initializers: { i, zero: ints(0), two: ints(2), last: ints(2) },
    ...spec,
  };
}

const twoByTwo = table([0, 2, 1, -1], 1, 2, 2);
const added = { axis: 2, reduction: 'add' };
const scatters: readonly Case[] = [
  scatter('ScatterElements', 'of computed values', { opset: 11 }, twoByTwo),
  scatter('ScatterElements', 'of computed values', { opset: 18 }, twoByTwo),
  one('ScatterElements', 'of weights, added', {
    x: ['n', 2, 3],
    operands: { i: table([0, 0, 1, -1], 1, 2, 2), u: weights(1, 2, 2) },
    attributes: added,
  }),
  ...[11, 13, 16].map((opset) =>
    one('ScatterND', 'of weights into the only sample', {
      opset,
      x: [1, 2, 3],
      operands: { i: table([0, 1], 1, 2), u: weights(1, 3) },
      lifted: true,
    }),
  ),
  one('ScatterND', 'of weights that are added', {
    opset: 16,
    x: [1, 2, 3],
    operands: { i: table([0, 1, 2, 0, 1, 2], 2, 3), u: weights(2) },
    attributes: { reduction: 'add' },
    lifted: true,
  }),
];

const triangles: readonly Case[] = [
  one('Trilu', 'above the diagonal', { opset: 14, x: ['n', 3, 4] }),
  ...[-1, 0, 2].flatMap((k) =>
    [0, 1].map((upper) =>
      one('Trilu', `from diagonal ${k}, upper: ${upper}`, {
        x: [1, 2, 3, 4],
        operands: { k: integers([k], []) },
        attributes: { upper },
      }),
    ),
  ),
  ...[0, 1].flatMap((exclusive) =>
    [0, 1].map((reverse) =>
      one('CumSum', `exclusive: ${exclusive}, reverse: ${reverse}`, {
        opset: 11,
        x: ['n', 4],
        operands: { a: integers([1], []) },
        attributes: { exclusive, reverse },
      }),
    ),
  ),
  one('CumSum', 'on an axis in the middle', {
    opset: 14,
    x: ['n', 3, 2],
    operands: { a: integers([-2], []) },
  }),
  one('CumSum', 'of a vector without a batch', {
    x: [4],
    operands: { a: integers([0], []) },
    lifted: true,
  }),
];

/** x times a value made of constants alone. */
function times(what: string, opset: number, nodes: readonly NodeSpec[], file: Partial<Case>): Case {
  const product = { op: 'Mul', inputs: ['x', 'c'], outputs: ['y'] };
  return {
    what,
    opset,
    inputs: { x: ['n', 3, 4] },
    outputs: ['y'],
    nodes: [...nodes, product],
    ...file,
  };
}

const made: readonly Case[] = [
  ...[9, 11].map((opset) =>
    times(
      `OneHot-${opset}: of constant indices`,
      opset,
      [{ op: 'OneHot', inputs: ['i', 'd', 'v'], outputs: ['c'], attributes: { axis: -1 } }],
      { initializers: { i: ints(1, 3, -4), d: ints(4), v: floats([0.5, 2]) } },
    ),
  ),
  times(
    'OneHot-11: on the first axis',
    11,
    [{ op: 'OneHot', inputs: ['i', 'd', 'v'], outputs: ['c'], attributes: { axis: 0 } }],
    { initializers: { i: ints(1, 0, 2, 9), d: ints(3), v: floats([0, 1]) } },
  ),
  ...[-1, 1].map((axis): Case => ({
    what: `OneHot-13: of the positions of the greatest numbers, on axis ${axis}`,
    opset: 13,
    inputs: { x: ['n', 3, 4] },
    outputs: ['y'],
    nodes: [
      {
        op: 'ArgMax',
        inputs: ['x'],
        outputs: ['at'],
        attributes: { axis: 2, keepdims: 0 },
      },
      { op: 'Sub', inputs: ['at', 'less'], outputs: ['i'] },
      { op: 'OneHot', inputs: ['i', 'd', 'v'], outputs: ['y'], attributes: { axis } },
    ],
    // Positions from −2 on: the lowest two count from the end.
    initializers: { less: integers([2], []), d: ints(5), v: floats([0.5, 2]) },
  })),
  ...[{}, { k: 1 }, { k: -2 }].map((attributes) =>
    times(
      `EyeLike-9: ${JSON.stringify(attributes)}`,
      9,
      [{ op: 'EyeLike', inputs: ['w'], outputs: ['c'], attributes }],
      { initializers: { w: weights(3, 4) } },
    ),
  ),
  times(
    'EyeLike-9: of whole numbers',
    9,
    [
      { op: 'EyeLike', inputs: ['w'], outputs: ['i'], attributes: { dtype: 7 } },
      { op: 'Cast', inputs: ['i'], outputs: ['c'], attributes: { to: 1 } },
    ],
    { initializers: { w: weights(3, 4) } },
  ),
  times('Range-11: of floats', 11, [{ op: 'Range', inputs: ['s', 'l', 'd'], outputs: ['c'] }], {
    initializers: { s: scalar(1), l: scalar(-0.8), d: scalar(-0.5) },
  }),
  times(
    'Range-11: of whole numbers that choose columns',
    11,
    [
      { op: 'Range', inputs: ['s', 'l', 'd'], outputs: ['r'] },
      { op: 'Gather', inputs: ['w', 'r'], outputs: ['c'], attributes: { axis: 0 } },
    ],
    {
      initializers: {
        s: integers([6], []),
        l: integers([-1], []),
        d: integers([-2], []),
        w: weights(7),
      },
    },
  ),
  ...[ints(0, 3, 0, -1, 7, 1), floats([0, 3, 0, -1, 0.5, 1])].map((mask) =>
    times(
      `NonZero-13: of ${mask.type} values chooses columns`,
      13,
      [
        { op: 'NonZero', inputs: ['m'], outputs: ['found'] },
        { op: 'Transpose', inputs: ['found'], outputs: ['column'], attributes: { perm: [1, 0] } },
        { op: 'Squeeze', inputs: ['column', 'one'], outputs: ['r'] },
        { op: 'Gather', inputs: ['w', 'r'], outputs: ['c'], attributes: { axis: 0 } },
      ],
      { initializers: { m: mask, one: ints(1), w: weights(6) } },
    ),
  ),
];

const selections: readonly Case[] = [
  one('TopK', 'with k as an attribute', { opset: 7, x: ['n', 3, 4], attributes: { k: 2 } }),
  ...[10, 11].map((opset) =>
    one('TopK', 'on an axis in the middle', {
      opset,
      x: [1, 5, 2],
      operands: { k: ints(3) },
      attributes: { axis: 1 },
    }),
  ),
  one('TopK', 'of the least', {
    x: ['n', 5],
    operands: { k: ints(2) },
    attributes: { largest: 0 },
  }),
].map(withoutPositions);

/** The operator has two results; the second is not used. */
function withoutPositions(file: Case): Case {
  return { ...file, nodes: file.nodes.map((node) => ({ ...node, outputs: ['y', 'positions'] })) };
}

export const positionCases: readonly Case[] = [
  ...gathers,
  ...scatters,
  ...triangles,
  ...made,
  ...selections,
];
