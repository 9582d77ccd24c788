/** Operators that move elements: reshape and its kin, concatenation, padding, slices. */
import {
  BATCH,
  broadcastShapes,
  type Dimension,
  divide,
  elementCount,
  isSymbolic,
  known,
  printShape,
  type Shape,
} from '../../graph/dimension.ts';
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { ShapeError } from '../../graph/ops/definition.ts';
import { padded } from '../../graph/ops/structural.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/**
 * The shape a Reshape asks for. A file written for batch 1 may have that 1 baked into its target
 * ([1, 784], [1, −1]): where the operand has a symbolic batch, a leading 1 stands for it.
 */
function reshapeTarget(c: LoweringContext, from: Shape, target: readonly Dimension[]): Shape {
  const total = elementCount(from);
  const copied: Dimension[] = target.map((dim, i) =>
    dim === 0 && !c.flag('allowzero', false) ? (from[i] ?? 1) : dim,
  );
  const baked = isSymbolic(total) && copied[0] === 1 && !copied.some(isSymbolic);
  const shape = baked ? [BATCH, ...copied.slice(1)] : copied;
  const open = shape.indexOf(-1);
  if (open < 0) return elementCount(shape) === total ? shape : copied;
  const rest = elementCount(shape.filter((_, i) => i !== open));
  const inferred = divide(total, rest);
  if (inferred === undefined) {
    throw c.invalid(`${printShape(from)} cannot be reshaped to [${target.join(', ')}]`);
  }
  return shape.map((dim, i) => (i === open ? inferred : dim));
}

function axesOf(c: LoweringContext, rank: number): number[] | undefined {
  const axes = c.opset < 13 ? c.ints('axes') : (c.perAxis(1) ?? c.ints('axes'));
  return axes && c.axes(axes, rank).sort((p, q) => p - q);
}

/** Positions that reflect, repeat the edge or begin again beyond an axis. */
function mirrored(mode: string, size: number, before: number, after: number): number[] {
  return Array.from({ length: before + size + after }, (_, i) => {
    const position = i - before;
    if (mode === 'wrap') return ((position % size) + size) % size;
    if (mode === 'edge') return Math.min(Math.max(position, 0), size - 1);
    const period = Math.max(1, 2 * (size - 1));
    const folded = ((position % period) + period) % period;
    return folded < size ? folded : period - folded;
  });
}

function pad(c: LoweringContext): Node {
  const x = c.operand();
  const rank = x.shape.length;
  const amounts = (c.opset < 11 ? c.ints('pads') : c.perAxis(1)) ?? [];
  const axes = (c.opset >= 18 ? c.perAxis(3) : undefined) ?? x.shape.map((_, i) => i);
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  if (amounts.length !== 2 * axes.length) {
    throw c.invalid(`${amounts.length} amounts do not pad ${axes.length} axes`);
  }
  c.axes(axes, rank).forEach((axis, i) => {
    before[axis] = amounts[i] ?? 0;
    after[axis] = amounts[i + axes.length] ?? 0;
  });
  const cropped = x.shape.reduce<Node>((value, dim, axis) => {
    const [low, high] = [Math.min(0, before[axis] ?? 0), Math.min(0, after[axis] ?? 0)];
    return low === 0 && high === 0
      ? value
      : c.b.slice(value, axis, -low, known(dim, 'a cropped axis') + high);
  }, x);
  const [grow, more] = [before, after].map((list) => list.map((n) => Math.max(0, n)));
  const mode = c.text('mode', 'constant');
  if (mode === 'constant') {
    const fill = c.opset < 11 ? c.float('value', 0) : (c.numbers(2)?.[0] ?? 0);
    return padded(c.b, cropped, grow ?? [], more ?? [], fill);
  }
  if (mode !== 'reflect' && mode !== 'edge' && mode !== 'wrap')
    throw c.unsupported(`Pad mode ${mode} is not supported`);
  return cropped.shape.reduce<Node>((value, dim, axis) => {
    const [low, high] = [grow?.[axis] ?? 0, more?.[axis] ?? 0];
    if (low === 0 && high === 0) return value;
    const size = known(dim, 'a padded axis');
    c.listable(low + size + high);
    return c.b.gather(value, axis, mirrored(mode, size, low, high));
  }, cropped);
}

/** Places that a list of repeated parts writes down one by one. */
const MOST_PLACES = 2 ** 20;

/** Parts side by side along an axis; of parts that mostly repeat, each once, and then their elements. */
function concatenated(b: Builder, parts: readonly Node[], axis: number): Node {
  const distinct = [...new Set(parts)];
  const sizes = parts.map(({ shape }) => Number(shape[axis]));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (2 * distinct.length > parts.length || !(total <= MOST_PLACES)) return b.concat(parts, axis);
  const starts = new Map<Node, number>();
  let end = 0;
  for (const part of distinct) {
    starts.set(part, end);
    end += Number(part.shape[axis]);
  }
  const places = parts.flatMap((part, i) =>
    Array.from({ length: sizes[i] ?? 0 }, (_, k) => (starts.get(part) ?? 0) + k),
  );
  return b.gather(b.concat(distinct, axis), axis, places);
}

function concat(c: LoweringContext): Node {
  const parts = c.all();
  const rank = parts[0]?.shape.length ?? 0;
  const axis = c.axis(c.int('axis', 1), rank);
  const batch = parts.map((part) => part.shape[0] ?? 1).find(isSymbolic);
  // A constant written for batch 1 is repeated for every sample.
  const aligned = parts.map((part) =>
    axis !== 0 && batch !== undefined && part.shape[0] === 1
      ? c.b.expand(part, [batch, ...part.shape.slice(1)])
      : part,
  );
  return concatenated(c.b, aligned, axis);
}

function slice(c: LoweringContext): Node {
  const x = c.operand();
  const rank = x.shape.length;
  const early = c.opset < 10;
  const starts = (early ? c.ints('starts') : c.perAxis(1)) ?? [];
  const ends = (early ? c.ints('ends') : c.perAxis(2)) ?? [];
  const axes = (early ? c.ints('axes') : c.perAxis(3)) ?? starts.map((_, i) => i);
  const steps = (early ? undefined : c.perAxis(4)) ?? starts.map(() => 1);
  if ([starts, ends, steps].some((list) => list.length !== axes.length)) {
    throw c.invalid('its lists of starts, ends, axes and steps differ in length');
  }
  return c.axes(axes, rank).reduce<Node>((value, axis, i) => {
    const [start = 0, end = 0, step = 1] = [starts[i], ends[i], steps[i]];
    const dim = value.shape[axis] ?? 1;
    if (isSymbolic(dim)) {
      if (start === 0 && step === 1 && end >= 2 ** 31 - 1) return value;
      throw new ShapeError('the batch axis is sliced');
    }
    const clamp = (position: number, low: number, high: number): number =>
      Math.min(Math.max(position < 0 ? position + dim : position, low), high);
    if (step === 1) {
      const from = clamp(start, 0, dim);
      return c.b.slice(value, axis, from, Math.max(from, clamp(end, 0, dim)));
    }
    if (step === 0) throw c.invalid('a step is 0');
    c.listable(dim);
    const [low, high] = step > 0 ? [0, dim] : [-1, dim - 1];
    const first = clamp(start, Math.max(low, 0), high);
    const last = end < -dim ? low : clamp(end, low, high);
    const positions: number[] = [];
    for (let at = first; step > 0 ? at < last : at > last; at += step) positions.push(at);
    return c.b.gather(value, axis, positions);
  }, x);
}

export const structural: Readonly<Record<string, Lowering>> = {
  Reshape: (c) => {
    const x = c.operand();
    const target = c.sizes(1) ?? c.ints('shape');
    if (!target) throw c.invalid('Reshape needs a shape');
    return c.b.reshape(x, reshapeTarget(c, x.shape, target));
  },
  Flatten: (c) => {
    const x = c.operand();
    const rank = x.shape.length;
    const given = c.int('axis', 1);
    const axis = given < 0 ? given + rank : given;
    return c.b.reshape(x, [
      elementCount(x.shape.slice(0, axis)),
      elementCount(x.shape.slice(axis)),
    ]);
  },
  Squeeze: (c) => {
    const x = c.operand();
    const axes = axesOf(c, x.shape.length);
    const gone = (dim: Dimension, i: number): boolean => (axes ? axes.includes(i) : dim === 1);
    return c.b.reshape(
      x,
      x.shape.filter((dim, i) => !gone(dim, i)),
    );
  },
  Unsqueeze: (c) => {
    const x = c.operand();
    const given = (c.opset < 13 ? c.ints('axes') : c.perAxis(1)) ?? [];
    const rank = x.shape.length + given.length;
    const axes = c.axes(given, rank);
    const rest = [...x.shape];
    const shape = Array.from({ length: rank }, (_, i) =>
      axes.includes(i) ? 1 : (rest.shift() ?? 1),
    );
    return c.b.reshape(x, shape);
  },
  Transpose: (c) => {
    const x = c.operand();
    const reversed = x.shape.map((_, i) => x.shape.length - 1 - i);
    return c.b.transpose(x, c.ints('perm') ?? reversed);
  },
  Concat: concat,
  Pad: pad,
  Slice: slice,
  Expand: (c) => {
    const x = c.operand();
    const shape = broadcastShapes(x.shape, c.sizes(1) ?? []);
    // Row by row it may.
    if (!shape) throw new ShapeError(`${printShape(x.shape)} does not broadcast`);
    return c.b.expand(x, shape);
  },
};
