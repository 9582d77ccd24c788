/**
 * The value of a node that is computed from constants alone: scales and sizes that a file works out in
 * floating point. Only small values, and the few operations that exporters use for them; in float32, as
 * the file's runtime would.
 */
import type { Builder } from '../graph/builder.ts';
import { broadcastShapes, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { coordinates } from './operators/positions.ts';

/** Larger values are data. */
const MOST_ELEMENTS = 64;

const pairwise: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

const single: Readonly<Record<string, (a: number) => number>> = {
  neg: (a) => -a,
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The node's value, where it is small and made of constants by these operations; else undefined. */
export function constantValue(b: Builder, node: Node): Tensor | undefined {
  if (node.op === 'constant') return node.attributes.tensor;
  if (node.type !== 'float32' || node.shape.some((dim) => typeof dim === 'string'))
    return undefined;
  const shape = node.shape.map((dim) => known(dim, 'a constant'));
  if (sizeOf(shape) > MOST_ELEMENTS) return undefined;
  const operands: Tensor[] = [];
  for (const id of node.operands) {
    const operand = b.nodes[id];
    const value = operand && constantValue(b, operand);
    if (!value || value.data.length > MOST_ELEMENTS) return undefined;
    operands.push(value);
  }
  const elements = computed(node, operands, shape);
  return elements && floats(elements, shape);
}

const numbersOf = ({ data }: Tensor): number[] =>
  Array.from(data as ArrayLike<number | bigint>, Number);

function computed(
  node: Node,
  operands: readonly Tensor[],
  shape: readonly number[],
): number[] | undefined {
  const [x, y] = operands;
  if (!x) return undefined;
  const join = pairwise[node.op];
  if (join && y && broadcastShapes(x.shape, y.shape)) {
    return Array.from({ length: sizeOf(shape) }, (_, flat) =>
      join(shownAt(x, shape, flat), shownAt(y, shape, flat)),
    );
  }
  const apply = single[node.op];
  if (apply) return numbersOf(x).map(apply);
  if (node.op === 'reshape') return numbersOf(x);
  if (node.op === 'concat' && operands.every((part) => part.shape.length === 1)) {
    return operands.flatMap(numbersOf);
  }
  if (node.op === 'slice' && x.shape.length === 1) {
    return numbersOf(x).slice(node.attributes.start, node.attributes.end);
  }
  if (node.op === 'gather' && x.shape.length === 1) {
    return node.attributes.indices.map((at) => numbersOf(x)[at] ?? Number.NaN);
  }
  return undefined;
}

/** What a broadcast operand shows at a flat position of the result. */
function shownAt(value: Tensor, shape: readonly number[], flat: number): number {
  const at = coordinates(shape, flat).slice(shape.length - value.shape.length);
  const position = at.reduce(
    (sum, i, axis) => sum * (value.shape[axis] ?? 1) + (value.shape[axis] === 1 ? 0 : i),
    0,
  );
  return Number(value.data[position] ?? Number.NaN);
}
