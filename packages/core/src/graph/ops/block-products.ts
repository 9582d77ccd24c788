/**
 * Blocks repeated and summed as ONNX Runtime does it fastest: as one matrix product. A row of cells becomes the
 * rows of elements behind it, flat, by a matrix of zeros and ones, and those become the row of sums by its
 * transpose. Such values stand beside elements that are compared or multiplied, in the plain layout of tensors:
 * a Resize, which is for the blocked layout, takes twice as long with the way there and back. Values must be finite:
 * one that is not spoils its row of cells.
 */
import { floats, type Tensor } from '../../tensor/tensor.ts';
import type { Dimension, Shape } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { ConvGeometry } from './convolutions.ts';
import type { Emitter } from './emitter.ts';

/** Channels of ONNX Runtime's blocked layout. */
export const CHANNEL_BLOCK = 16;
/** Products for an element are as many as cells in a row: with more, a Resize is faster. */
const MOST_CELLS = 32;

/** The weight by which every channel is repeated over whole blocks side by side, or summed over them; else undefined. */
export function blockWeight(g: ConvGeometry, w: Node): number | undefined {
  if (w.op !== 'constant' || w.type !== 'float32') return undefined;
  const [channels, perGroup, ...kernel] = w.shape;
  const blockwise =
    g.groups === channels &&
    perGroup === 1 &&
    kernel.every((size, i) => size === g.strides[i]) &&
    [...g.padBefore, ...g.padAfter].every((pad) => pad === 0) &&
    g.dilations.every((dilation) => dilation === 1);
  if (!blockwise) return undefined;
  const { data } = w.attributes.tensor;
  const [first = 0] = data;
  return data.every((weight: number | bigint) => weight === first) ? Number(first) : undefined;
}

/** The cells of an image; `columns` of its elements, some of which may be in none. */
interface Cells {
  readonly rows: number;
  readonly cells: number;
  readonly columns: number;
  /** Elements of a cell, down and across. */
  readonly down: number;
  readonly across: number;
}

/** Where coarse [batch, channels, rows, cells] stands beside height × width elements; undefined where it does not fit. */
function cellsOf(g: ConvGeometry, coarse: Shape, fine: readonly Dimension[]): Cells | undefined {
  const [, , rows, cells] = coarse;
  const [height, columns] = fine;
  const [down = 1, across = 1] = g.strides;
  if (typeof rows !== 'number' || typeof cells !== 'number' || coarse.length !== 4)
    return undefined;
  if (typeof columns !== 'number' || height !== rows * down || cells > MOST_CELLS) return undefined;
  return { rows, cells, columns, down, across };
}

/** [cells, down × columns]: the weight where the column is one of the cell's. */
function membership({ cells, columns, down, across }: Cells, weight: number): Float32Array {
  const elements = down * columns;
  return Float32Array.from({ length: cells * elements }, (_, at) => {
    const column = (at % elements) % columns;
    return Math.floor(column / across) === Math.floor(at / elements) ? weight : 0;
  });
}

/** The name of a transposed convolution's result where it repeats the elements of an image; else undefined. */
export function transposeAsProduct(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  // Other channels are in the plain layout already.
  if (g.groups % CHANNEL_BLOCK !== 0) return undefined;
  const weight = blockWeight(g, w);
  const image = cellsOf(g, y.shape, g.size);
  if (weight === undefined || !image) return undefined;
  const { cells, columns, down } = image;
  const matrix = floats(membership(image, weight), [cells, down * columns]);
  const repeated = e.node('MatMul', [e.nameOf(y), e.constant(matrix)]);
  return e.node('Reshape', [repeated, e.reshapeTarget([...y.shape.slice(0, 2), ...g.size])]);
}

/** The name of a convolution's result where it is `sums` over the blocks of an image; else undefined. */
export function convAsProduct(
  e: Emitter,
  g: ConvGeometry,
  [x, w]: readonly [Node, Node],
  sums: Shape,
): string | undefined {
  const image = cellsOf(g, sums, x.shape.slice(2));
  if (blockWeight(g, w) !== 1 || !image) return undefined;
  const { rows, cells, columns, down } = image;
  const elements = down * columns;
  const matrix = transposed(membership(image, 1), [cells, elements]);
  const flat = e.reshapeTarget([...x.shape.slice(0, 2), rows, elements]);
  const rowsOfCells = e.node('Reshape', [e.nameOf(x), flat]);
  return e.node('MatMul', [rowsOfCells, e.constant(matrix)]);
}

function transposed(data: Float32Array, [rows, columns]: readonly [number, number]): Tensor {
  const turned = data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)] ?? 0);
  return floats(turned, [columns, rows]);
}
