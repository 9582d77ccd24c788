/**
 * Convolution and its adjoints from one enumeration: every triple of an input position, a kernel tap
 * and an output position that meet. A convolution sums x·w into y over the triples, its adjoint in x
 * y·w into x, its adjoint in w x·y into w.
 */
import type { ConvGeometry } from '../../src/graph/ops/convolutions.ts';
import type { Family } from './evaluator.ts';
import {
  type Index,
  indicesOf,
  operandOf,
  positionOf,
  read,
  type Value,
  zerosOf,
} from './value.ts';

interface Meeting {
  readonly x: number[];
  readonly w: number[];
  readonly y: number[];
}

function* meetings(g: ConvGeometry, x: Index, w: Index, y: Index): Generator<Meeting> {
  const [outputs = 0, perGroup = 0, ...kernel] = w;
  for (const [n = 0, o = 0, ...q] of indicesOf(y)) {
    const group = Math.floor(o / (outputs / g.groups));
    for (const [c = 0, ...k] of indicesOf([perGroup, ...kernel])) {
      const p = q.map(
        (at, i) =>
          at * (g.strides[i] ?? 1) - (g.padBefore[i] ?? 0) + (k[i] ?? 0) * (g.dilations[i] ?? 1),
      );
      if (p.every((at, i) => at >= 0 && at < (x[i + 2] ?? 0))) {
        yield { x: [n, group * perGroup + c, ...p], w: [o, c, ...k], y: [n, o, ...q] };
      }
    }
  }
}

function accumulate(result: Value, index: Index, amount: number): void {
  const at = positionOf(result, index);
  result.data[at] = (result.data[at] ?? 0) + amount;
}

export const convolutions: Family<'conv' | 'convTranspose' | 'convWeights'> = {
  conv: (g, operands, shape) => {
    const [x, w, y] = [operandOf(operands, 0), operandOf(operands, 1), zerosOf(shape)];
    for (const meet of meetings(g, x.shape, w.shape, shape)) {
      accumulate(y, meet.y, read(x, meet.x) * read(w, meet.w));
    }
    return y;
  },
  convTranspose: (g, operands, shape) => {
    const [y, w, x] = [operandOf(operands, 0), operandOf(operands, 1), zerosOf(shape)];
    for (const meet of meetings(g, shape, w.shape, y.shape)) {
      accumulate(x, meet.x, read(y, meet.y) * read(w, meet.w));
    }
    return x;
  },
  convWeights: (g, operands, shape) => {
    const [x, y, w] = [operandOf(operands, 0), operandOf(operands, 1), zerosOf(shape)];
    for (const meet of meetings(g, x.shape, shape, y.shape)) {
      accumulate(w, meet.w, read(x, meet.x) * read(y, meet.y));
    }
    return w;
  },
};
