/** Constants of dense layers as what of them is not 0. */
import type { Node } from '../graph/graph.ts';

/** The nonzero weights of each output: their rows, and what they are. */
export type Weights = readonly { readonly at: readonly number[]; readonly of: readonly number[] }[];

export interface Matrix {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** More take longer to list than what is written with them could save. */
const MOST_WEIGHTS = 2e7;

/** A constant that is added to every row of a layer; null where it is none. */
export function vectorOf(node: Node, size: number): number[] | null {
  if (node.op !== 'constant') return null;
  const { data, shape } = node.attributes.tensor;
  const isRow = shape.slice(0, -1).every((dim) => dim === 1) && shape.at(-1) === size;
  return data instanceof Float32Array && isRow ? [...data] : null;
}

/** Null where they are no constant, or too many for lists. */
export function weightsOf(node: Node, transposed: boolean): Weights | null {
  const matrix = matrixOf(node);
  if (!matrix) return null;
  const { data, shape } = matrix;
  const [first = 0, second = 0] = shape;
  const [rows, width] = transposed ? [second, first] : [first, second];
  let count = 0;
  const columns = Array.from({ length: width }, () => ({ at: [] as number[], of: [] as number[] }));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) {
      const value = data[transposed ? j * rows + i : i * width + j] ?? 0;
      if (value === 0) continue;
      if (++count > MOST_WEIGHTS) return null;
      columns[j]?.at.push(i);
      columns[j]?.of.push(value);
    }
  }
  return columns;
}

export function matrixOf(node: Node): Matrix | null {
  if (node.op !== 'constant') return null;
  const { data, shape } = node.attributes.tensor;
  return data instanceof Float32Array && shape.length === 2 ? { data, shape } : null;
}
