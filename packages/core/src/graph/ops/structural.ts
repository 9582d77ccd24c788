/**
 * Ops that move elements and never compute: reshape, transpose, expand, concat, slice, pad. Ranges map
 * end by end; no rounding.
 */
import { floats, integers } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import {
  broadcastShapes,
  type Dimension,
  elementCount,
  known,
  printShape,
  sameShape,
  type Shape,
} from '../dimension.ts';
import type { Node, NodeOf, OpName } from '../graph.ts';
import {
  axisBehind,
  type Bounds,
  isPoint,
  type OpDefinition,
  type RangeContext,
  ShapeError,
} from './definition.ts';
import { only } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    reshape: { readonly shape: Shape };
    transpose: { readonly permutation: readonly number[] };
    /** Broadcasts to a shape. */
    expand: { readonly shape: Shape };
    concat: { readonly axis: number };
    /** Elements start ≤ i < end along one axis. */
    slice: { readonly axis: number; readonly start: number; readonly end: number };
    /** `value` before and after along every axis. */
    pad: {
      readonly before: readonly number[];
      readonly after: readonly number[];
      readonly value: number;
    };
  }
}

type Structural = 'reshape' | 'transpose' | 'expand' | 'concat' | 'slice' | 'pad';

/** The same node over the lower and over the upper ends. */
export function endByEnd<K extends OpName>({ b, node, operands }: RangeContext<K>): Bounds {
  const over = (ends: readonly Node[]): Node => b.push(node.op, ends, node.attributes);
  const lower = over(operands.map((operand) => operand.lower));
  return operands.every(isPoint)
    ? { lower, upper: lower }
    : { lower, upper: over(operands.map((operand) => operand.upper)) };
}

export function replaced(shape: Shape, axis: number, dim: Dimension): Shape {
  return shape.map((existing, i) => (i === axis ? dim : existing));
}

export function sizeAlong(shape: Shape, axis: number): Dimension {
  const size = shape[axis];
  if (size === undefined) throw new ShapeError(`axis ${axis} is outside ${printShape(shape)}`);
  return size;
}

const joins = new WeakMap<Node, readonly number[]>();

/** Where a join's parts end along its axis, from 0; one list for all of them. */
function endsOf(node: NodeOf<'concat'>, operands: readonly Node[]): readonly number[] {
  const found = joins.get(node);
  if (found) return found;
  const ends = [0];
  for (const { shape } of operands) {
    const size = known(sizeAlong(shape, node.attributes.axis), 'a joined axis');
    ends.push((ends.at(-1) ?? 0) + size);
  }
  joins.set(node, ends);
  return ends;
}

function inversePermutation(permutation: readonly number[]): number[] {
  const inverse: number[] = [];
  permutation.forEach((axis, i) => (inverse[axis] = i));
  return inverse;
}

export const structural: { readonly [K in Structural]: OpDefinition<K> } = {
  reshape: {
    kind: 'structural',
    rebatched: ({ shape }, rows) => ({ shape: [rows, ...shape.slice(1)] }),
    lifted: ({ shape }, size) => ({ shape: [size, ...shape] }),
    infer: ({ shape }, operands) => {
      const operand = only(operands);
      if (elementCount(operand.shape) !== elementCount(shape)) {
        throw new ShapeError(
          `${printShape(operand.shape)} cannot be reshaped to ${printShape(shape)}`,
        );
      }
      return { type: operand.type, shape };
    },
    emit: (e, node, operands) => {
      const { shape } = node.attributes;
      // A target with a 0 in it is ambiguous, and of values without elements all are equal.
      if (shape.includes(0) && node.type === 'float32') {
        return e.node('Expand', [e.constant(floats([0], [])), e.shape(shape)]);
      }
      return e.node('Reshape', [e.nameOf(only(operands)), e.reshapeTarget(shape)]);
    },
    gradient: ({ b, operands, cotangent }) => b.reshape(cotangent, only(operands).shape),
    range: endByEnd,
  },
  transpose: {
    kind: 'structural',
    lifted: ({ permutation }) => ({ permutation: [0, ...permutation.map((axis) => axis + 1)] }),
    infer: ({ permutation }, operands) => {
      const { type, shape } = only(operands);
      if (permutation.length !== shape.length || new Set(permutation).size !== shape.length) {
        throw new ShapeError(`${printShape(shape)} has no permutation ${printShape(permutation)}`);
      }
      return { type, shape: permutation.map((axis) => sizeAlong(shape, axis)) };
    },
    emit: (e, node, operands) =>
      e.node('Transpose', [e.nameOf(only(operands))], { perm: node.attributes.permutation }),
    gradient: ({ b, node, cotangent }) =>
      b.transpose(cotangent, inversePermutation(node.attributes.permutation)),
    range: endByEnd,
  },
  expand: {
    kind: 'structural',
    rebatched: ({ shape }, rows) => ({ shape: [rows, ...shape.slice(1)] }),
    lifted: ({ shape }, size) => ({ shape: [size, ...shape] }),
    infer: ({ shape }, operands) => {
      const operand = only(operands);
      const result = broadcastShapes(operand.shape, shape);
      if (!result || !sameShape(result, shape)) {
        throw new ShapeError(
          `${printShape(operand.shape)} does not expand to ${printShape(shape)}`,
        );
      }
      return { type: operand.type, shape };
    },
    emit: (e, node, operands) =>
      e.node('Expand', [e.nameOf(only(operands)), e.shape(node.attributes.shape)]),
    gradient: ({ b, operands, cotangent }) => b.sumTo(cotangent, only(operands).shape),
    range: endByEnd,
  },
  concat: {
    kind: 'structural',
    lifted: axisBehind,
    infer: ({ axis }, operands) => {
      const { type, shape } = only(operands);
      let total = 0;
      for (const operand of operands) {
        const rest = replaced(operand.shape, axis, 0);
        if (operand.type !== type || !sameShape(rest, replaced(shape, axis, 0))) {
          throw new ShapeError(
            `${printShape(shape)} and ${printShape(operand.shape)} cannot be joined on axis ${axis}`,
          );
        }
        total += known(sizeAlong(operand.shape, axis), 'a joined axis');
      }
      return { type, shape: replaced(shape, axis, total) };
    },
    emit: (e, node, operands) =>
      e.node(
        'Concat',
        operands.map((operand) => e.nameOf(operand)),
        { axis: node.attributes.axis },
      ),
    gradient: ({ b, node, operands, cotangent }, index) => {
      const { axis } = node.attributes;
      const ends = endsOf(node, operands);
      return b.slice(cotangent, axis, ends[index] ?? 0, ends[index + 1] ?? 0);
    },
    range: endByEnd,
  },
  slice: {
    kind: 'structural',
    lifted: axisBehind,
    infer: ({ axis, start, end }, operands) => {
      const { type, shape } = only(operands);
      const size = known(sizeAlong(shape, axis), 'a sliced axis');
      if (start < 0 || end > size || start > end) {
        throw new ShapeError(`[${start}, ${end}) is outside axis ${axis} of ${printShape(shape)}`);
      }
      return { type, shape: replaced(shape, axis, end - start) };
    },
    emit: (e, { attributes: { axis, start, end } }, operands) =>
      e.node('Slice', [
        e.nameOf(only(operands)),
        e.constant(integers([start])),
        e.constant(integers([end])),
        e.constant(integers([axis])),
      ]),
    gradient: ({ b, node, operands, cotangent }) => {
      const { axis, start, end } = node.attributes;
      const { shape } = only(operands);
      const size = known(sizeAlong(shape, axis), 'a sliced axis');
      const around = (amount: number): number[] => shape.map((_, i) => (i === axis ? amount : 0));
      return padded(b, cotangent, around(start), around(size - end));
    },
    range: endByEnd,
  },
  pad: {
    kind: 'structural',
    lifted: ({ before, after, value }) => ({ before: [0, ...before], after: [0, ...after], value }),
    absolute: (b, { attributes }, [x]) =>
      x ? b.push('pad', [x], { ...attributes, value: Math.abs(attributes.value) }) : missing(),
    counted: (b, { attributes }, [x]) =>
      x && b.push('pad', [x], { ...attributes, value: attributes.value === 0 ? 0 : 1 }),
    infer: ({ before, after }, operands) => {
      const { type, shape } = only(operands);
      const padded = shape.map((dim, i) => {
        const extra = (before[i] ?? 0) + (after[i] ?? 0);
        return extra === 0 ? dim : known(dim, 'a padded axis') + extra;
      });
      return { type, shape: padded };
    },
    emit: (e, { attributes: { before, after, value } }, operands) =>
      e.node('Pad', [
        e.nameOf(only(operands)),
        e.constant(integers([...before, ...after])),
        e.constant(floats([value], [])),
        // Named axes: without them ONNX Runtime makes zeros before a MaxPool its own padding, which is -Infinity.
        e.constant(integers(before.map((_, axis) => axis))),
      ]),
    gradient: ({ b, node, operands, cotangent }) => {
      const { before } = node.attributes;
      return only(operands).shape.reduce<Node>((value, dim, axis) => {
        const start = before[axis] ?? 0;
        return cotangent.shape[axis] === dim
          ? value
          : b.slice(value, axis, start, start + known(dim, 'a padded axis'));
      }, cotangent);
    },
    range: endByEnd,
  },
};

function missing(): never {
  throw new ShapeError('an operand is missing');
}

/** Pads with a constant along all axes: with nothing to do the value itself, around the same constant one pad. */
export function padded(
  b: Builder,
  value: Node,
  before: readonly number[],
  after: readonly number[],
  fill = 0,
): Node {
  if ([...before, ...after].every((amount) => amount === 0)) return value;
  const inner = value.op === 'pad' ? b.nodes[value.operands[0] ?? -1] : undefined;
  if (value.op !== 'pad' || !inner || value.attributes.value !== fill) {
    return b.push('pad', [value], { before, after, value: fill });
  }
  const besides = (own: readonly number[], more: readonly number[]): number[] =>
    own.map((amount, axis) => amount + (more[axis] ?? 0));
  const { before: front, after: behind } = value.attributes;
  return padded(b, inner, besides(front, before), besides(behind, after), fill);
}
