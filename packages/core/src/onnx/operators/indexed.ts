/** Gathering and scattering at constant positions in several axes at once. */
import { isSymbolic, type Shape } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { ShapeError } from '../../graph/ops/definition.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import {
  asRows,
  batchOf,
  coordinates,
  fromRows,
  positionOf,
  rowDims,
  stridesOf,
} from './positions.ts';

interface Indices {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function indicesOf(c: LoweringContext): Indices {
  const tensor = c.constant(1);
  if (!tensor) throw c.invalid('it needs indices');
  c.listable(tensor.data.length);
  return { shape: tensor.shape, values: c.wholes(1) ?? [] };
}

function refuseBatch(x: Node, axis: number): void {
  const dim = x.shape[axis];
  if (dim !== undefined && isSymbolic(dim)) throw new ShapeError('the batch is indexed');
}

/** Where in a row each index points, along one axis: it takes that place among its own coordinates. */
function alongAxis(c: LoweringContext, x: Node, { shape, values }: Indices): number[] {
  const dims = rowDims(x.shape);
  const axis = c.axis(c.int('axis', 0), dims.length);
  refuseBatch(x, axis);
  if (shape.length !== dims.length || shape.some((n, i) => i !== axis && n > (dims[i] ?? 0))) {
    throw c.invalid(`indices [${shape.join(', ')}] do not fit [${dims.join(', ')}]`);
  }
  const strides = stridesOf(dims);
  return values.map((index, flat) => {
    const at = coordinates(shape, flat);
    at[axis] = positionOf(c, index, dims[axis] ?? 1);
    return at.reduce((sum, position, i) => sum + position * (strides[i] ?? 0), 0);
  });
}

/** Where in a row each tuple's elements lie, in order, and the sizes of one tuple's part. */
function byTuples(
  c: LoweringContext,
  x: Node,
  { shape, values }: Indices,
  batchDims: number,
): { readonly positions: number[]; readonly part: readonly number[] } {
  const dims = rowDims(x.shape);
  const length = shape.at(-1) ?? 0;
  if (shape.length === 0 || batchDims + length > dims.length) {
    throw c.invalid(`tuples of ${length} do not fit [${dims.join(', ')}]`);
  }
  if (batchDims === 0) refuseBatch(x, 0);
  const part = dims.slice(batchDims + length);
  const [strides, size] = [stridesOf(dims), sizeOf(part)];
  const tuples = length === 0 ? sizeOf(shape.slice(0, -1)) : values.length / length;
  c.listable(tuples * size);
  const front = shape.slice(0, -1);
  const positions: number[] = [];
  for (let tuple = 0; tuple < tuples; tuple++) {
    let start = 0;
    const place = (axis: number, index: number): void => {
      start += positionOf(c, index, dims[axis] ?? 1) * (strides[axis] ?? 0);
    };
    if (batchDims > 0)
      coordinates(front, tuple)
        .slice(0, batchDims)
        .forEach((own, axis) => place(axis, own));
    for (let i = 0; i < length; i++) place(batchDims + i, values[tuple * length + i] ?? 0);
    for (let i = 0; i < size; i++) positions.push(start + i);
  }
  return { positions, part };
}

function gathered(
  c: LoweringContext,
  x: Node,
  positions: readonly number[],
  dims: readonly number[],
): Node {
  const batch = batchOf(x);
  return fromRows(c, c.b.gather(asRows(c, x, batch), 1, positions), dims, batch);
}

/** Elements of the updates put, or added, at positions of a row of x. */
function scattered(c: LoweringContext, x: Node, positions: readonly number[]): Node {
  const updates = c.operand(2);
  const batch = batchOf(x, updates);
  const dims = rowDims(x.shape);
  if (sizeOf(rowDims(updates.shape)) !== positions.length) {
    throw c.invalid(`${positions.length} positions do not fit the updates`);
  }
  const size = sizeOf(dims);
  const [rows, values] = [asRows(c, x, batch), asRows(c, updates, batch)];
  const reduction = c.text('reduction', 'none');
  if (reduction === 'add') {
    const sums = c.b.push('scatterAdd', [values], { axis: 1, indices: positions, size });
    return fromRows(c, c.b.add(rows, sums), dims, batch);
  }
  if (reduction !== 'none')
    throw c.unsupported(
      `the reduction ${reduction} is not supported: write it with none or add, or as a Max, Min or Mul`,
    );
  const from = Array.from({ length: c.listable(size) }, (_, i) => i);
  positions.forEach((position, i) => (from[position] = size + i));
  return fromRows(c, c.b.gather(c.b.concat([rows, values], 1), 1, from), dims, batch);
}

/** Tuples that name places on leading axes of known size: the batch, where there is one, lies behind. */
function gatheredInFront(c: LoweringContext, x: Node, { shape, values }: Indices): Node {
  const length = shape.at(-1) ?? 0;
  const front = knownSizes(x.shape.slice(0, length));
  const rest = x.shape.slice(length);
  const strides = stridesOf(front);
  const positions = Array.from({ length: values.length / length }, (_, tuple) =>
    front.reduce((sum, size, i) => {
      const at = positionOf(c, values[tuple * length + i] ?? 0, size);
      return sum + at * (strides[i] ?? 0);
    }, 0),
  );
  const places = c.b.gather(c.b.reshape(x, [sizeOf(front), ...rest]), 0, positions);
  return c.b.reshape(places, [...shape.slice(0, -1), ...rest]);
}

const knownSizes = (shape: Shape): number[] => shape.filter((dim) => typeof dim === 'number');

export const indexed: Readonly<Record<string, Lowering>> = {
  GatherElements: (c) => {
    const [x, indices] = [c.operand(), indicesOf(c)];
    return gathered(c, x, alongAxis(c, x, indices), indices.shape);
  },
  GatherND: (c) => {
    const [x, indices] = [c.operand(), indicesOf(c)];
    const [length, batchDims] = [indices.shape.at(-1) ?? 0, c.int('batch_dims', 0)];
    const front = x.shape.slice(0, length);
    const inFront = batchDims === 0 && length > 0 && length <= x.shape.length;
    if (inFront && !front.some(isSymbolic)) return gatheredInFront(c, x, indices);
    const { positions, part } = byTuples(c, x, indices, batchDims);
    return gathered(c, x, positions, [...indices.shape.slice(0, -1), ...part]);
  },
  ScatterElements: (c) => {
    const x = c.operand();
    return scattered(c, x, alongAxis(c, x, indicesOf(c)));
  },
  ScatterND: (c) => {
    const x = c.operand();
    return scattered(c, x, byTuples(c, x, indicesOf(c), 0).positions);
  },
};
