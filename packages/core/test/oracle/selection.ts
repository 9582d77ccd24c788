/** The greatest elements, by sorting. */
import type { Family } from './evaluator.ts';
import { build, operandOf, read } from './value.ts';

export const selection: Family<'topK'> = {
  topK: ({ axis, k }, operands) => {
    const x = operandOf(operands);
    const shape = x.shape.map((size, i) => (i === axis ? k : size));
    return build(shape, (index) => {
      const line = Array.from({ length: x.shape[axis] ?? 1 }, (_, j) =>
        read(
          x,
          index.map((i, a) => (a === axis ? j : i)),
        ),
      );
      return line.sort((p, q) => q - p)[index[axis] ?? 0] ?? Number.NaN;
    });
  },
};
