/** Operators that move elements: reshape and its kin, concatenation, padding, selection. */
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
import type { Node } from '../../graph/graph.ts';
import { ShapeError } from '../../graph/ops/definition.ts';
import { type PoolGeometry, pooledSizes } from '../../graph/ops/pooling.ts';
import { padded } from '../../graph/ops/structural.ts';
import { sizeOf, tensor } from '../../tensor/tensor.ts';
import { vector } from '../host-value.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { windowGeometry } from './linear.ts';

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
  return c.b.concat(aligned, axis);
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

/** A longer list of whole numbers is data, not a shape. */
const MOST_AS_SIZES = 2 ** 12;

/** Elements of a pooling window that are written out one by one in its gradient. */
const MOST_TAPS = 1024;

/** Does one window see every element, and each of them once? */
function coversAll(g: PoolGeometry, shape: Shape): boolean {
  return g.kernel.every((taps, i) => {
    const [before = 0, dilation = 1] = [g.padBefore[i], g.dilations[i]];
    return (
      (dilation === 1 || taps === 1) && taps - before >= known(shape[i + 2] ?? 0, 'a pooled axis')
    );
  });
}

/** Rows of a table at positions that the input gives, as token ids do; negative ones count from the end. */
function lookedUp(c: LoweringContext, x: Node, axis: number, positions: Node): Node {
  const { b } = c;
  if (x.shape.some(isSymbolic)) {
    throw c.unsupported('values of the input cannot be gathered at positions that the input gives');
  }
  const axes = x.shape.map((_, i) => i);
  const others = axes.filter((i) => i !== axis);
  const table = b.transpose(x, [axis, ...others]);
  const size = known(x.shape[axis] ?? 0, 'a gathered axis');
  const counted = b.where(b.greater(0, positions), b.add(positions, size), positions);
  const rows = b.push('lookup', [table, counted], {});
  const rank = positions.shape.length;
  // [...positions, ...others] → what stood before the axis comes to the front.
  const before = others.slice(0, axis).map((_, i) => rank + i);
  const own = Array.from({ length: rank }, (_, i) => i);
  const after = others.slice(axis).map((_, i) => rank + axis + i);
  return b.transpose(rows, [...before, ...own, ...after]);
}

/** Attributes that a Constant has one of. */
const constantForms = [
  'value',
  'value_float',
  'value_floats',
  'value_int',
  'value_ints',
  'sparse_value',
];

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
  Gather: (c) => {
    const x = c.operand();
    const axis = c.axis(c.int('axis', 0), x.shape.length);
    if (c.operand(1).op !== 'constant') return lookedUp(c, x, axis, c.operand(1));
    const indices = c.constant(1);
    if (!indices) throw c.invalid('Gather needs indices');
    c.listable(indices.data.length);
    const size = known(x.shape[axis] ?? 0, 'a gathered axis');
    const positions = (c.wholes(1) ?? []).map((index) => (index < 0 ? index + size : index));
    const gathered = c.b.gather(x, axis, positions);
    return c.b.reshape(gathered, [
      ...x.shape.slice(0, axis),
      ...indices.shape,
      ...x.shape.slice(axis + 1),
    ]);
  },
  Shape: (c) => {
    const { shape } = c.operand();
    return vector(shape.slice(c.int('start', 0), c.int('end', shape.length)));
  },
  Size: (c) => ({ dims: [], elements: [elementCount(c.operand().shape)] }),
  ConstantOfShape: (c) => {
    const shape = c.sizes(0) ?? [];
    const value = c.tensor('value');
    const [element = 0] = value ? Array.from(value.data as ArrayLike<number | bigint>, Number) : [];
    if (value && value.type !== 'float32') {
      if (value.type !== 'int64' && value.type !== 'bool') {
        throw c.unsupported(`ConstantOfShape of ${value.type} values is not supported`);
      }
      const dims = shape.map((dim) => known(dim, 'a shape of whole numbers'));
      if (dims.some((dim) => dim < 0)) throw c.invalid(`it asks for ${printShape(dims)}`);
      const count = c.listable(sizeOf(dims));
      if (count <= MOST_AS_SIZES) return { dims, elements: new Array<number>(count).fill(element) };
      return c.b.constant(tensor('int64', dims, new BigInt64Array(count).fill(BigInt(element))));
    }
    return c.b.expand(c.b.scalar(element), shape);
  },
  Expand: (c) => {
    const x = c.operand();
    const shape = broadcastShapes(x.shape, c.sizes(1) ?? []);
    if (!shape) throw c.invalid(`${printShape(x.shape)} does not broadcast`);
    return c.b.expand(x, shape);
  },
  Constant: (c) => {
    if (['value', 'value_string', 'value_strings'].some((name) => c.isText(name))) {
      return [undefined];
    }
    if (c.countOf(constantForms) > 1) throw c.invalid('it has more than one value');
    const value = c.tensor('value');
    if (value) return c.b.constant(value);
    const list = c.intList('value_ints');
    if (list) return c.b.constant(integerTensor(list));
    const floatList = c.floatList('value_floats');
    if (floatList) return c.b.floats(floatList, [floatList.length]);
    const int = c.int('value_int');
    if (int !== undefined) return c.b.constant({ ...integerTensor([int]), shape: [] });
    const float = c.float('value_float');
    if (float === undefined) {
      throw c.unsupported('it is a constant of text or a sparse one, or has no value');
    }
    return c.b.scalar(float);
  },
  MaxPool: (c) => {
    const x = c.operand();
    const kernel = c.ints('kernel_shape');
    if (!kernel) throw c.invalid('MaxPool needs kernel_shape');
    if (kernel.length > 2) throw c.unsupported('3-D pooling is not supported');
    const geometry = windowGeometry(c, kernel, x.shape);
    if (kernel.length + 2 !== x.shape.length) throw c.invalid('its kernel does not fit its input');
    const windows = pooledSizes(geometry, x.shape);
    if (windows.some((size) => size < 1)) {
      throw c.invalid('the pooling window is larger than its input');
    }
    const axes = kernel.map((_, i) => i + 2);
    if (windows.every((count) => count === 1) && coversAll(geometry, x.shape)) {
      return c.b.maximum(x, axes, true);
    }
    const taps = sizeOf(kernel);
    if (taps > MOST_TAPS) {
      throw c.unsupported(`a window of ${taps} elements is not supported, only of ${MOST_TAPS}`);
    }
    return c.b.push('maxPool', [x], geometry);
  },
};

function integerTensor(values: readonly number[]): {
  type: 'int64';
  shape: number[];
  data: BigInt64Array;
} {
  return { type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}
