/**
 * Whole numbers and truth values that a file cuts, joins and repeats out of constants: positions, edges of
 * a graph, masks. They stay constants, so that what is gathered or scattered by them is known when reading.
 */
import type { Builder } from '../graph/builder.ts';
import { isSymbolic } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { reshaped, sizeOf, type Tensor, zeros } from '../tensor/tensor.ts';
import { coordinates, stridesOf } from './operators/positions.ts';

/** Elements worth moving when reading. */
const MOST_ELEMENTS = 2 ** 20;

/** The value of a node that moves elements of constants; undefined for any other. Of whole numbers only. */
export function movedConstant(b: Builder, node: Node): Tensor | undefined {
  if (node.op === 'constant') return node.attributes.tensor;
  if (node.type === 'float32' || node.type === 'float64') return undefined;
  const shape = node.shape.filter((size) => !isSymbolic(size)).map(Number);
  if (shape.length < node.shape.length || sizeOf(shape) > MOST_ELEMENTS) return undefined;
  const operands: Tensor[] = [];
  for (const id of node.operands) {
    const operand = b.nodes[id];
    const value = operand?.type === node.type ? movedConstant(b, operand) : undefined;
    if (!value) return undefined;
    operands.push(value);
  }
  const [first] = operands;
  if (!first) return undefined;
  if (node.op === 'reshape') return reshaped(first, shape);
  if (node.op === 'concat') return joined(operands, node.attributes.axis, shape);
  const shown = placeIn(node, first.shape);
  if (!shown) return undefined;
  const strides = stridesOf(first.shape);
  const from = (flat: number): number =>
    shown(coordinates(shape, flat)).reduce(
      (sum, place, axis) => sum + place * (strides[axis] ?? 0),
      0,
    );
  const result = zeros(node.type, shape);
  for (let flat = 0; flat < result.data.length; flat++) copy(first, from(flat), result, flat);
  return result;
}

type Place = (at: readonly number[]) => readonly number[];

/** Where in its operand an element of the result is taken from. */
function placeIn(node: Node, operand: readonly number[]): Place | undefined {
  if (node.op === 'slice') {
    const { axis, start } = node.attributes;
    return (at) => at.map((place, i) => (i === axis ? place + start : place));
  }
  if (node.op === 'gather') {
    const { axis, indices } = node.attributes;
    return (at) => at.map((place, i) => (i === axis ? (indices[place] ?? 0) : place));
  }
  if (node.op === 'transpose') {
    const { permutation } = node.attributes;
    return (at) => operand.map((_, axis) => at[permutation.indexOf(axis)] ?? 0);
  }
  if (node.op !== 'expand') return undefined;
  return (at) => {
    const extra = at.length - operand.length;
    return operand.map((size, axis) => (size === 1 ? 0 : (at[axis + extra] ?? 0)));
  };
}

function joined(
  operands: readonly Tensor[],
  axis: number,
  shape: readonly number[],
): Tensor | undefined {
  const [first] = operands;
  if (!first) return undefined;
  const result = zeros(first.type, shape);
  const rows = sizeOf(shape.slice(0, axis));
  let to = 0;
  for (let row = 0; row < rows; row++) {
    for (const operand of operands) {
      const width = sizeOf(operand.shape.slice(axis));
      for (let i = 0; i < width; i++) copy(operand, row * width + i, result, to++);
    }
  }
  return result;
}

/** One element from one array into another of the same type. */
function copy(source: Tensor, from: number, target: Tensor, to: number): void {
  const value = source.data[from];
  if (value !== undefined) target.data[to] = value;
}
