/**
 * Whole numbers known when reading, moved: cut, joined, repeated and put under other axes. Elements may
 * be symbolic sizes.
 */
import { type Dimension, elementCount, isSymbolic } from '../../graph/dimension.ts';
import { broadcasted, type HostValue, vector } from '../host-value.ts';
import type { LoweringContext } from '../lowering.ts';
import { coordinates, stridesOf } from './positions.ts';

/** A result of known operands; undefined where it is not known beforehand. */
export type HostRule = (
  c: LoweringContext,
  operands: readonly HostValue[],
) => HostValue | undefined;

/** Places along one axis, from a start to an end. */
function positions(size: number, start: number, end: number, step: number): number[] {
  const clamp = (at: number): number => {
    const from = at < 0 ? at + size : at;
    return step > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1);
  };
  const found: number[] = [];
  const last = end < -size && step < 0 ? -1 : clamp(end);
  for (let at = clamp(start); step > 0 ? at < last : at > last; at += step) found.push(at);
  return found;
}

function slice(c: LoweringContext, [data, ...rest]: readonly HostValue[]): HostValue | undefined {
  if (!data) return undefined;
  const early = c.opset < 10;
  const given = (i: number, name: string): readonly Dimension[] | undefined =>
    early ? c.ints(name) : rest[i]?.elements;
  const [starts, ends] = [given(0, 'starts'), given(1, 'ends')];
  if (!starts || !ends) return undefined;
  const axes = given(2, 'axes') ?? starts.map((_, i) => i);
  const steps = (early ? undefined : rest[3]?.elements) ?? starts.map(() => 1);
  if ([...starts, ...ends, ...axes, ...steps].some(isSymbolic) || steps.includes(0)) {
    return undefined;
  }
  return c.axes(axes.map(Number), data.dims.length).reduce<HostValue>((value, axis, i) => {
    const [start, end, step] = [starts[i] ?? 0, ends[i] ?? 0, steps[i] ?? 1].map(Number);
    return taken(value, axis, positions(value.dims[axis] ?? 1, start ?? 0, end ?? 0, step ?? 1));
  }, data);
}

/** The value at some places along an axis. */
function taken({ dims, elements }: HostValue, axis: number, places: readonly number[]): HostValue {
  const kept = dims.map((dim, i) => (i === axis ? places.length : dim));
  const strides = stridesOf(dims);
  const count = kept.reduce((product, dim) => product * dim, 1);
  const shown = Array.from({ length: count }, (_, flat) => {
    const at = coordinates(kept, flat).map((place, i) =>
      i === axis ? (places[place] ?? 0) : place,
    );
    return elements[at.reduce((sum, place, i) => sum + place * (strides[i] ?? 0), 0)] ?? 0;
  });
  return { dims: kept, elements: shown };
}

function gather(c: LoweringContext, [data, indices]: readonly HostValue[]): HostValue | undefined {
  if (!data || !indices || data.dims.length !== 1 || c.int('axis', 0) !== 0) return undefined;
  const elements = indices.elements.map((index) => {
    const at = Number(index) < 0 ? Number(index) + data.elements.length : Number(index);
    return data.elements[at];
  });
  if (elements.some((element) => element === undefined)) return undefined;
  return { dims: indices.dims, elements: elements.filter((element) => element !== undefined) };
}

function reshape(_: LoweringContext, [data, target]: readonly HostValue[]): HostValue | undefined {
  if (!data || !target || target.elements.some(isSymbolic)) return undefined;
  const wanted = target.elements.map(Number);
  const rest = wanted.filter((dim) => dim !== -1).reduce((product, dim) => product * dim, 1);
  const dims = wanted.map((dim) => (dim === -1 ? data.elements.length / rest : dim));
  return elementCount(dims) === data.elements.length ? { ...data, dims } : undefined;
}

function axesOf(c: LoweringContext, given: HostValue | undefined): number[] | undefined {
  return (given?.elements.map(Number) ?? c.ints('axes'))?.filter(Number.isInteger);
}

function squeeze(c: LoweringContext, [value, given]: readonly HostValue[]): HostValue | undefined {
  if (!value) return undefined;
  const wanted = axesOf(c, given);
  const axes = wanted && c.axes(wanted, value.dims.length);
  const gone = (dim: number, i: number): boolean => (axes ? axes.includes(i) : dim === 1);
  return { ...value, dims: value.dims.filter((dim, i) => !gone(dim, i)) };
}

function unsqueeze(
  c: LoweringContext,
  [value, given]: readonly HostValue[],
): HostValue | undefined {
  if (!value) return undefined;
  const added = axesOf(c, given) ?? [];
  const rank = value.dims.length + added.length;
  const axes = c.axes(added, rank);
  const rest = [...value.dims];
  const dims = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1)));
  return { ...value, dims };
}

function transpose(c: LoweringContext, [value]: readonly HostValue[]): HostValue | undefined {
  if (!value) return undefined;
  const { dims, elements } = value;
  const order = c.ints('perm') ?? dims.map((_, i) => dims.length - 1 - i);
  if (order.length !== dims.length || new Set(order).size !== dims.length) return undefined;
  const moved = order.map((axis) => dims[axis] ?? 1);
  const strides = stridesOf(dims);
  return {
    dims: moved,
    elements: elements.map((_, i) => {
      const at = coordinates(moved, i);
      const from = at.reduce(
        (sum, position, k) => sum + position * (strides[order[k] ?? 0] ?? 0),
        0,
      );
      return elements[from] ?? 0;
    }),
  };
}

/** Larger values are data. */
const MOST_EXPANDED = 4096;

function expand(_: LoweringContext, [value, to]: readonly HostValue[]): HostValue | undefined {
  if (!to || to.elements.some(isSymbolic)) return undefined;
  const dims = to.elements.map(Number);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (count > MOST_EXPANDED) return undefined;
  const shape = { dims, elements: Array.from({ length: count }, () => 0) };
  return broadcasted([value, shape], ([a]) => a);
}

/** A longer list is data, not a shape. */
const MOST_JOINED = 2 ** 16;

function elementsOf(values: readonly HostValue[]): number {
  return values.reduce((sum, { elements }) => sum + elements.length, 0);
}

/** Side by side along an axis: rows of what lies before it are interleaved. */
function joined(c: LoweringContext, operands: readonly HostValue[]): HostValue | undefined {
  const rank = operands[0]?.dims.length ?? 0;
  if (rank === 0 || operands.some(({ dims }) => dims.length !== rank)) return undefined;
  const axis = c.axis(c.int('axis', 1), rank);
  const others = operands.map(({ dims }) => dims.filter((_, i) => i !== axis).join());
  if (new Set(others).size > 1 || elementsOf(operands) > MOST_JOINED) return undefined;
  const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
  const rows = size(operands[0]?.dims.slice(0, axis) ?? []);
  const elements = Array.from({ length: rows }, (_, row) =>
    operands.flatMap((value) => {
      const width = size(value.dims.slice(axis));
      return value.elements.slice(row * width, (row + 1) * width);
    }),
  );
  const total = operands.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0);
  const dims = operands[0]?.dims.map((dim, i) => (i === axis ? total : dim)) ?? [];
  return size(dims) === elements.flat().length ? { dims, elements: elements.flat() } : undefined;
}

const shapeOf: HostRule = (c, [value]) =>
  value && vector(value.dims.slice(c.int('start', 0), c.int('end', value.dims.length)));

export const movedBeforehand: Readonly<Record<string, HostRule>> = {
  Concat: joined,
  Expand: expand,
  Gather: gather,
  Reshape: reshape,
  Shape: shapeOf,
  Slice: slice,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
