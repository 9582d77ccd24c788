/** Samples with what a network should answer. */
import { type Tensor, takeRows } from '../tensor/tensor.ts';

export interface Labelled {
  /** [samples, …shape of one] */
  readonly x: Tensor<'float32'>;
  /** One class a sample. */
  readonly y: Int32Array;
  /**
   * Probabilities [samples, classes] to be answered in the place of one class: distillation (Hinton,
   * Vinyals & Dean 2015).
   */
  readonly soft?: Tensor<'float32'>;
}

/** The samples at the given positions, in that order. */
export function samplesAt({ x, y, soft }: Labelled, positions: ArrayLike<number>): Labelled {
  const own = Array.from(positions);
  return {
    x: takeRows(x, own),
    y: Int32Array.from(own, (position) => y[position] ?? 0),
    ...(soft ? { soft: takeRows(soft, own) } : {}),
  };
}
