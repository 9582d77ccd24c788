/** Elements at constant positions, and the adjoint: a sum into constant positions. */
import { floats, integers, type Tensor, tensor } from '../../tensor/tensor.ts';
import { known, printShape } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { axisBehind, type OpDefinition, ShapeError } from './definition.ts';
import type { Emitter } from './emitter.ts';
import { only } from './operands.ts';
import { fusedError, magnitude, outwardBy } from './outward.ts';
import { endByEnd, replaced, sizeAlong } from './structural.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** Elements at constant positions along one axis. */
    gather: { readonly axis: number; readonly indices: readonly number[] };
    /** Adjoint of gather: element i is added at position indices[i] of an axis of `size` zeros. */
    scatterAdd: {
      readonly axis: number;
      readonly indices: readonly number[];
      readonly size: number;
    };
  }
}

/** How many terms the position with the most of them has; at least 1. */
function deepest(indices: readonly number[]): number {
  const sorted = Int32Array.from(indices).sort();
  let [most, start] = [1, 0];
  sorted.forEach((index, i) => {
    if (index !== sorted[start]) start = i;
    most = Math.max(most, i - start + 1);
  });
  return most;
}

/** Layers are faster while they are few; each holds as many positions as the result. */
const MOST_LAYERS = 32;
const MOST_IN_LAYERS = 2 ** 24;

/** Positions as int32: tables of millions are written ten times as fast as in 64 bits. */
function positions(indices: ArrayLike<number>): Tensor {
  return tensor('int32', [indices.length], Int32Array.from(indices));
}

/** Where each output position of a scatterAdd takes its k-th term from (`count` = nowhere). */
function scatterLayers(indices: readonly number[], size: number): Int32Array[] {
  const layers: Int32Array[] = [];
  const filled = new Int32Array(size);
  indices.forEach((target, from) => {
    const depth = filled[target] ?? 0;
    filled[target] = depth + 1;
    const layer = (layers[depth] ??= new Int32Array(size).fill(indices.length));
    layer[target] = from;
  });
  return layers.length === 0 ? [new Int32Array(size)] : layers;
}

/** The same sum by the runtime's own scatter, element after element. */
function scattered(
  e: Emitter,
  value: Node,
  axis: number,
  indices: readonly number[],
  size: number,
): string {
  const along = value.shape.map((_, i) => (i === axis ? indices.length : 1));
  const zeros = e.node('Expand', [
    e.constant(floats([0], [])),
    e.shape(replaced(value.shape, axis, size)),
  ]);
  const positions = e.node('Expand', [e.constant(integers(indices, along)), e.shape(value.shape)]);
  const inputs = [zeros, positions, e.nameOf(value)];
  return e.node('ScatterElements', inputs, { axis, reduction: 'add' });
}

export const gathers: { readonly [K in 'gather' | 'scatterAdd']: OpDefinition<K> } = {
  gather: {
    kind: 'structural',
    lifted: axisBehind,
    infer: ({ axis, indices }, operands) => {
      const { type, shape } = only(operands);
      const size = known(sizeAlong(shape, axis), 'a gathered axis');
      if (indices.some((index) => index < 0 || index >= size)) {
        throw new ShapeError(`an index is outside axis ${axis} of ${printShape(shape)}`);
      }
      return { type, shape: replaced(shape, axis, indices.length) };
    },
    emit: (e, { attributes: { axis, indices } }, operands) =>
      e.node('Gather', [e.nameOf(only(operands)), e.constant(positions(indices))], { axis }),
    gradient: ({ b, node, operands, cotangent }) => {
      const { axis, indices } = node.attributes;
      const size = known(sizeAlong(only(operands).shape, axis), 'a gathered axis');
      return b.push('scatterAdd', [cotangent], { axis, indices, size });
    },
    range: endByEnd,
  },
  scatterAdd: {
    kind: 'linear',
    lifted: axisBehind,
    infer: ({ axis, indices, size }, operands) => {
      const { type, shape } = only(operands);
      if (sizeAlong(shape, axis) !== indices.length) {
        throw new ShapeError(
          `${indices.length} positions for axis ${axis} of ${printShape(shape)}`,
        );
      }
      return { type, shape: replaced(shape, axis, size) };
    },
    // A row of zeros behind the values, then one Gather for each layer of terms: contiguous copies.
    emit: (e, { attributes: { axis, indices, size } }, operands) => {
      const value = only(operands);
      const layers = deepest(indices);
      if (layers > MOST_LAYERS || layers * size > MOST_IN_LAYERS) {
        return scattered(e, value, axis, indices, size);
      }
      const end = value.shape.map((_, i) => (i === axis ? 1 : 0));
      const padded = e.node('Pad', [
        e.nameOf(value),
        e.constant(integers([...value.shape.map(() => 0), ...end])),
        e.constant(floats([0], [])),
      ]);
      const parts = scatterLayers(indices, size).map((layer) =>
        e.node('Gather', [padded, e.constant(positions(layer))], { axis }),
      );
      return parts.reduce((sum, part) => e.node('Add', [sum, part]));
    },
    gradient: ({ b, node, cotangent }) =>
      b.gather(cotangent, node.attributes.axis, node.attributes.indices),
    terms: ({ attributes: { indices } }) => deepest(indices),
    counted: (b, { attributes }, [x]) => x && b.push('scatterAdd', [x], attributes),
    range: (context) => {
      const { b, node } = context;
      const size = magnitude(b, only(context.operands));
      const sums = b.push('scatterAdd', [size], node.attributes);
      return outwardBy(b, endByEnd(context), fusedError(context, sums));
    },
  },
};
