/** Files that compare, decide, count and cast. Two inputs whose elements are often equal: −1, 0 or 1. */
import { floats, integers, tensor, type Tensor } from '../../src/tensor/tensor.ts';
import { type Case, type NodeSpec, one, scalar } from './hand-made.ts';

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const BOOL = 9;
const DOUBLE = 11;

const initializers: Readonly<Record<string, Tensor>> = {
  nearly: scalar(1.4),
  zero: scalar(0),
  five: scalar(5),
};

const node = (op: string, inputs: readonly string[], output: string): NodeSpec => ({
  op,
  inputs,
  outputs: [output],
});

const cast = (from: string, to: number, output: string): NodeSpec => ({
  op: 'Cast',
  inputs: [from],
  outputs: [output],
  attributes: { to },
});

/** Signs of −1, 0 and 1 in `s` and `t`, made of the inputs; truth values in `p` and `q`. */
const signs: readonly NodeSpec[] = [
  ...['x', 'z'].flatMap((input, i) => [
    node('Mul', [input, 'nearly'], `${input}scaled`),
    cast(`${input}scaled`, INT32, `${input}whole`),
    cast(`${input}whole`, FLOAT, i === 0 ? 's' : 't'),
  ]),
  node('Greater', ['x', 'zero'], 'p'),
  node('Greater', ['z', 'zero'], 'q'),
];

function logic(
  what: string,
  opset: number,
  nodes: readonly NodeSpec[],
  more: Readonly<Record<string, Tensor>> = {},
): Case {
  return {
    what: `${what}-${opset}`,
    opset,
    inputs: { x: ['n', 4], z: ['n', 4] },
    outputs: ['y'],
    nodes: [...signs, ...nodes],
    initializers: { ...initializers, ...more },
  };
}

/** A position among elements of which several may be equal. */
function position(
  op: string,
  opset: number,
  of: string,
  attributes: Readonly<Record<string, number>>,
): Case {
  const found: NodeSpec = { ...node(op, [of], 'i'), attributes };
  // A position that the file ends in would be left out of the graph.
  return logic(`${op} of ${of}`, opset, [found, cast('i', FLOAT, 'f'), node('Relu', ['f'], 'y')]);
}

const comparisons: Readonly<Record<string, readonly number[]>> = {
  Greater: [7, 9, 17],
  Less: [7, 9, 17],
  GreaterOrEqual: [12, 17],
  LessOrEqual: [12, 17],
  Equal: [11, 13, 19],
};

const bits = tensor('bool', [4], Uint8Array.of(1, 0, 0, 1));

export const logicCases: readonly Case[] = [
  ...Object.entries(comparisons).flatMap(([op, opsets]) =>
    opsets.flatMap((opset) => [
      logic(`${op} of two inputs`, opset, [node(op, ['s', 't'], 'm'), cast('m', FLOAT, 'y')]),
      logic(`${op} with a constant`, opset, [node(op, ['zero', 's'], 'm'), cast('m', FLOAT, 'y')]),
    ]),
  ),
  logic('Equal of truth values', 13, [node('Equal', ['p', 'q'], 'm'), cast('m', FLOAT, 'y')]),
  logic(
    'Equal of whole numbers',
    13,
    [node('Equal', ['xwhole', 'one'], 'm'), cast('m', FLOAT, 'y')],
    { one: tensor('int32', [], Int32Array.of(1)) },
  ),
  ...['And', 'Or', 'Xor'].flatMap((op) => [
    logic(op, 7, [node(op, ['p', 'q'], 'm'), cast('m', FLOAT, 'y')]),
    logic(`${op} with a constant`, 17, [node(op, ['p', 'bits'], 'm'), cast('m', FLOAT, 'y')], {
      bits,
    }),
  ]),
  logic('Not', 7, [node('Not', ['p'], 'm'), cast('m', FLOAT, 'y')]),
  logic('Where by a condition', 9, [node('Where', ['p', 'x', 'z'], 'y')]),
  logic('Where by a constant', 16, [node('Where', ['bits', 'x', 'five'], 'y')], { bits }),
  logic(
    'Where of whole constants',
    16,
    [node('Where', ['p', 'a', 'b'], 'w'), cast('w', FLOAT, 'f'), node('Div', ['f', 'five'], 'y')],
    { a: integers([7]), b: integers([-2]) },
  ),
  logic('Where of a logical expression', 13, [
    node('Not', ['p'], 'n'),
    node('And', ['n', 'q'], 'a'),
    node('Where', ['a', 'z', 'zero'], 'y'),
  ]),
  logic(
    'Cast to whole numbers and on',
    13,
    [
      node('Mul', ['x', 'five'], 'scaled'),
      cast('scaled', INT64, 'whole'),
      node('Add', ['whole', 'three'], 'sum'),
      cast('sum', FLOAT, 'y'),
    ],
    { three: integers([3]) },
  ),
  logic('Cast of numbers to truth values', 13, [cast('s', BOOL, 'm'), cast('m', FLOAT, 'y')]),
  logic('Cast of whole numbers to truth values', 9, [
    cast('xwhole', BOOL, 'm'),
    cast('m', INT64, 'i'),
    cast('i', FLOAT, 'y'),
  ]),
  logic(
    'Cast to float64 and back',
    13,
    [cast('x', DOUBLE, 'd'), node('Mul', ['d', 'third'], 'e'), cast('e', FLOAT, 'y')],
    { third: tensor('float64', [], Float64Array.of(1 / 3)) },
  ),
  logic(
    'Cast of constants',
    13,
    [cast('sizes', INT64, 'shape'), { op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }],
    { sizes: floats([-1, 2.7, 2]) },
  ),
  // A square root of a negative number is no number; a reciprocal of 0 is infinite.
  logic('IsNaN', 13, [
    node('Sqrt', ['x'], 'root'),
    node('IsNaN', ['root'], 'm'),
    node('Where', ['m', 'five', 'root'], 'y'),
  ]),
  ...[{}, { detect_negative: 0 }, { detect_positive: 0 }].map((attributes) =>
    logic(
      `IsInf: ${JSON.stringify(attributes)}`,
      13,
      [
        node('Mul', ['s', 'endless'], 'ends'),
        { ...node('IsInf', ['ends'], 'm'), attributes },
        cast('m', FLOAT, 'y'),
      ],
      { endless: scalar(3e38 * 10) },
    ),
  ),
  logic('CastLike of truth values to real numbers', 15, [node('CastLike', ['p', 'x'], 'y')]),
  logic('CastLike of real numbers to whole ones', 17, [
    node('Mul', ['x', 'five'], 'scaled'),
    node('CastLike', ['scaled', 'xwhole'], 'whole'),
    cast('whole', FLOAT, 'y'),
  ]),
  logic('CastLike of real numbers to truth values', 19, [
    node('CastLike', ['s', 'p'], 'm'),
    cast('m', FLOAT, 'y'),
  ]),
  ...['ArgMax', 'ArgMin'].flatMap((op) => [
    position(op, 7, 's', { axis: 1, keepdims: 0 }),
    position(op, 11, 'x', { axis: -1 }),
    position(op, 13, 's', { axis: 1, select_last_index: 1 }),
  ]),
  one('Cast', 'to the same type', { opset: 9, attributes: { to: FLOAT } }),
];
