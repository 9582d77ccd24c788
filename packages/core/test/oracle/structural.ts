/** Moving elements, as the op table documents it: each output element names where it comes from. */
import type { Family } from './evaluator.ts';
import { build, indicesOf, operandOf, positionOf, read, readBroadcast, zerosOf } from './value.ts';

const swapAt = (index: readonly number[], axis: number, i: number): number[] =>
  index.map((old, a) => (a === axis ? i : old));

export const structural: Family<
  | 'reshape'
  | 'transpose'
  | 'expand'
  | 'concat'
  | 'slice'
  | 'pad'
  | 'gather'
  | 'scatterAdd'
  | 'lookup'
> = {
  reshape: (_, operands, shape) => ({ shape, data: operandOf(operands).data.slice() }),
  transpose: ({ permutation }, operands) => {
    const x = operandOf(operands);
    const shape = permutation.map((axis) => x.shape[axis] ?? 0);
    return build(shape, (index) => {
      const from: number[] = [];
      permutation.forEach((axis, to) => (from[axis] = index[to] ?? 0));
      return read(x, from);
    });
  },
  expand: (_, operands, shape) => {
    const x = operandOf(operands);
    return build(shape, (index) => readBroadcast(x, index));
  },
  concat: ({ axis }, operands) => {
    const first = operandOf(operands);
    const total = operands.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0);
    return build(swapAt(first.shape, axis, total), (index) => {
      let i = index[axis] ?? 0;
      for (const part of operands) {
        const size = part.shape[axis] ?? 0;
        if (i < size) return read(part, swapAt(index, axis, i));
        i -= size;
      }
      throw new RangeError('the parts are shorter than their sum');
    });
  },
  slice: ({ axis, start, end }, operands) => {
    const x = operandOf(operands);
    return build(swapAt(x.shape, axis, end - start), (index) =>
      read(x, swapAt(index, axis, (index[axis] ?? 0) + start)),
    );
  },
  pad: ({ before, after, value }, operands) => {
    const x = operandOf(operands);
    const shape = x.shape.map((dim, a) => (before[a] ?? 0) + dim + (after[a] ?? 0));
    return build(shape, (index) => {
      const from = index.map((i, a) => i - (before[a] ?? 0));
      const inside = from.every((i, a) => i >= 0 && i < (x.shape[a] ?? 0));
      return inside ? read(x, from) : Math.fround(value);
    });
  },
  gather: ({ axis, indices }, operands) => {
    const x = operandOf(operands);
    return build(swapAt(x.shape, axis, indices.length), (index) =>
      read(x, swapAt(index, axis, indices[index[axis] ?? 0] ?? -1)),
    );
  },
  lookup: (_, operands) => {
    const [table, positions] = [operandOf(operands), operandOf(operands, 1)];
    const rank = positions.shape.length;
    return build([...positions.shape, ...table.shape.slice(1)], (index) =>
      read(table, [read(positions, index.slice(0, rank)), ...index.slice(rank)]),
    );
  },
  scatterAdd: ({ axis, indices, size }, operands) => {
    const x = operandOf(operands);
    const result = zerosOf(swapAt(x.shape, axis, size));
    for (const index of indicesOf(x.shape)) {
      const to = positionOf(result, swapAt(index, axis, indices[index[axis] ?? 0] ?? -1));
      result.data[to] = (result.data[to] ?? 0) + read(x, index);
    }
    return result;
  },
};
