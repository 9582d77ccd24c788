/** Softmax and its logarithm by their definition, and inference-time batch normalisation and dropout. */
import type { Family } from './evaluator.ts';
import { build, operandOf, read, type Value } from './value.ts';

/** x_i − ln Σ e^{x_j} along an axis. */
function logShare(x: Value, index: readonly number[], axis: number): number {
  const line = Array.from({ length: x.shape[axis] ?? 1 }, (_, j) =>
    read(
      x,
      index.map((i, a) => (a === axis ? j : i)),
    ),
  );
  const most = Math.max(...line);
  const total = line.reduce((sum, element) => sum + Math.exp(element - most), 0);
  return read(x, index) - most - Math.log(total);
}

export const normalisations: Family<'softmax' | 'logSoftmax' | 'batchNorm' | 'dropout'> = {
  softmax: ({ axis }, operands) =>
    build(operandOf(operands).shape, (index) =>
      Math.exp(logShare(operandOf(operands), index, axis)),
    ),
  logSoftmax: ({ axis }, operands) =>
    build(operandOf(operands).shape, (index) => logShare(operandOf(operands), index, axis)),
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
