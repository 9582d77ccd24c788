/** Softmax by its definition, and inference-time batch normalisation and dropout. */
import type { Family } from './evaluator.ts';
import { build, operandOf, read } from './value.ts';

export const normalisations: Family<'softmax' | 'batchNorm' | 'dropout'> = {
  softmax: ({ axis }, operands) => {
    const x = operandOf(operands);
    const size = x.shape[axis] ?? 1;
    return build(x.shape, (index) => {
      const line = Array.from({ length: size }, (_, j) =>
        read(
          x,
          index.map((i, a) => (a === axis ? j : i)),
        ),
      );
      const most = Math.max(...line);
      const total = line.reduce((sum, element) => sum + Math.exp(element - most), 0);
      return Math.exp(read(x, index) - most) / total;
    });
  },
  batchNorm: ({ epsilon }, operands) => {
    const x = operandOf(operands);
    const [scale, shift, mean, variance] = [1, 2, 3, 4].map((i) => operandOf(operands, i).data);
    return build(x.shape, (index) => {
      const c = index[1] ?? 0;
      const deviation = Math.sqrt((variance?.[c] ?? 0) + Math.fround(epsilon));
      const normalised = (read(x, index) - (mean?.[c] ?? 0)) / deviation;
      return normalised * (scale?.[c] ?? 0) + (shift?.[c] ?? 0);
    });
  },
  dropout: (_, operands) => operandOf(operands),
};
