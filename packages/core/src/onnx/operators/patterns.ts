/** Operators that are a constant pattern: triangles, running sums, one-hot rows, ranges. */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { floats, integers, sizeOf, tensor } from '../../tensor/tensor.ts';
import { constantValue } from '../constant-value.ts';
import type { HostValue } from '../host-value.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { stridesOf } from './positions.ts';

/** What lies beyond the diagonal is gathered from a zero behind the matrix. */
function trilu(c: LoweringContext): Node {
  const x = c.operand();
  if (x.type !== 'float32') throw c.unsupported(`it is not supported on ${x.type} values`);
  if (x.shape.length < 2) throw c.invalid('it needs a matrix');
  const [rows, columns] = x.shape.slice(-2).map((dim) => known(dim, 'an axis of a matrix'));
  const [height, width] = [rows ?? 0, columns ?? 0];
  const diagonal = c.wholes(1)?.[0] ?? 0;
  const upper = c.flag('upper', true);
  const size = c.listable(height * width);
  const from = Array.from({ length: size }, (_, i) => {
    const offset = (i % width) - Math.floor(i / width) - diagonal;
    return (upper ? offset >= 0 : offset <= 0) ? i : size;
  });
  const lead = x.shape.slice(0, -2);
  const flat = c.b.reshape(x, [...lead, size]);
  const before = [...lead, 0].map(() => 0);
  const after = [...lead.map(() => 0), 1];
  const extended = c.b.push('pad', [flat], { before, after, value: 0 });
  return c.b.reshape(c.b.gather(extended, lead.length, from), x.shape);
}

/** A product with a triangle of ones along one axis. */
function cumSum(c: LoweringContext): Node {
  const x = c.operand();
  const { b } = c;
  const rank = x.shape.length;
  const axis = c.axis(c.wholes(1)?.[0] ?? 0, rank);
  const size = known(x.shape[axis] ?? 1, 'a summed axis');
  const exclusive = Number(c.flag('exclusive', false));
  const backwards = c.flag('reverse', false);
  const triangle = Array.from({ length: c.listable(size * size) }, (_, i) => {
    const [from, to] = [Math.floor(i / size), i % size];
    return Number(exclusive <= (backwards ? from - to : to - from));
  });
  const last = x.shape.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  const moved = b.transpose(x, last);
  const matrix = rank === 1 ? b.reshape(moved, [1, size]) : moved;
  const sums = b.matMul(matrix, b.floats(triangle, [size, size]));
  return b.transpose(b.reshape(sums, moved.shape), last);
}

/** Of positions that the input gives: which of all positions each is. Those below 0 count from the end. */
function computedOneHot(c: LoweringContext, indices: Node): Node {
  const { b } = c;
  const [depth, values] = [c.numbers(1)?.[0], c.numbers(2)];
  if (depth === undefined || values?.length !== 2) {
    throw c.invalid('it needs a depth and two values, off and on');
  }
  const axis = c.axis(c.int('axis', -1), indices.shape.length + 1);
  const behind = indices.shape.slice(axis);
  const column = b.reshape(indices, [...indices.shape.slice(0, axis), 1, ...behind]);
  const positions = Array.from({ length: c.listable(depth) }, (_, i) => i);
  const isAt = (from: number): Node =>
    b.equal(
      column,
      b.floats(
        positions.map((i) => i + from),
        [depth, ...behind.map(() => 1)],
      ),
    );
  const [off = 0, on = 1] = values;
  return b.where(b.max(isAt(0), isAt(-depth)), on, off);
}

/** Ones on a diagonal of a matrix of the operand's shape. */
function eyeLike(c: LoweringContext): Node {
  const x = c.operand();
  if (x.shape.length !== 2) throw c.invalid('it needs a matrix');
  const [rows = 1, columns = 1] = x.shape.map((dim) => known(dim, 'an axis of a matrix'));
  const diagonal = c.int('k', 0);
  const elements = Array.from({ length: c.listable(rows * columns) }, (_, i) =>
    Number((i % columns) - Math.floor(i / columns) === diagonal),
  );
  const type = c.int('dtype') === undefined ? c.carried(0) : c.castTo('dtype');
  if (type === 'real') return c.b.constant(floats(elements, [rows, columns]));
  if (type === 'whole') return c.b.constant(integers(elements, [rows, columns]));
  return c.b.constant(tensor('bool', [rows, columns], Uint8Array.from(elements)));
}

function oneHot(c: LoweringContext): Node {
  const given = c.operand();
  const isComputed = given.op !== 'expand' && !constantValue(c.b, given);
  if (isComputed && c.carried(0) === 'whole') return computedOneHot(c, given);
  if (isComputed) {
    throw c.unsupported('its positions are computed real numbers: cast them to whole numbers');
  }
  const [indices, values] = [c.constant(0), c.constant(2)];
  const depth = c.numbers(1)?.[0];
  if (!indices || !values || depth === undefined) {
    throw c.invalid('it needs indices, a depth and values');
  }
  if (values.data.length !== 2) throw c.invalid('it needs two values, off and on');
  const axis = c.axis(c.int('axis', -1), indices.shape.length + 1);
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)];
  const [off = 0, on = 1] = c.numbers(2) ?? [];
  const inner = sizeOf(shape.slice(axis + 1));
  const positions = (c.numbers(0) ?? []).map((index) => (index < 0 ? index + depth : index));
  const elements = Array.from({ length: c.listable(sizeOf(shape)) }, (_, i) => {
    const outer = Math.floor(i / (inner * depth));
    const hot = positions[outer * inner + (i % inner)];
    return hot === Math.floor(i / inner) % depth ? on : off;
  });
  if (values.type === 'float32') return c.b.constant(floats(elements, shape));
  if (values.type === 'int64') return c.b.constant(integers(elements, shape));
  throw c.unsupported(`${values.type} values are not supported`);
}

/** Ranges count positions of an axis; a longer one is a broken file's. */
const MOST_IN_RANGE = 2 ** 20;

function range(c: LoweringContext): Node {
  const [first, ...others] = [0, 1, 2].map((i) => c.constant(i));
  if (!first || others.some((other) => other?.type !== first.type)) {
    throw c.invalid('it needs a start, a limit and a step of one type');
  }
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((i) => c.numbers(i)?.[0]);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(count <= MOST_IN_RANGE))
    throw c.unsupported(`a range of ${count} numbers is not supported`);
  const elements = Array.from({ length: count }, (_, i) => start + i * delta);
  return first.type === 'float32'
    ? c.b.constant(floats(elements))
    : c.b.constant(integers(elements));
}

/** Coordinates of what is not zero: [axes, found]. */
export function nonZero(dims: readonly number[], values: readonly number[]): HostValue {
  const found: number[] = [];
  values.forEach((value, i) => {
    if (value !== 0) found.push(i);
  });
  const strides = stridesOf(dims);
  const elements = dims.flatMap((dim, axis) =>
    found.map((flat) => Math.floor(flat / (strides[axis] ?? 1)) % dim),
  );
  return { dims: [dims.length, found.length], elements };
}

export const patterns: Readonly<Record<string, Lowering>> = {
  Trilu: trilu,
  CumSum: cumSum,
  EyeLike: eyeLike,
  OneHot: oneHot,
  Range: range,
  NonZero: (c) => {
    const value = c.constant(0);
    if (!value) throw c.invalid('it needs an operand');
    c.listable(value.data.length);
    return nonZero(value.shape, c.numbers(0) ?? []);
  },
};
