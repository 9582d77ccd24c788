/** Samples with what a network should answer, and rows of them. */
import { type Tensor, takeRows, tensor } from '../tensor/tensor.ts';

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

/** The samples at the given positions, in that order: what a training step is fed. */
export function rowsAt(
  { x, y, soft }: Labelled,
  positions: Uint32Array,
): { readonly x: Tensor<'float32'>; readonly answers: Tensor } {
  if (soft) return { x: takeRows(x, positions), answers: takeRows(soft, positions) };
  const labels = Int32Array.from(positions, (position) => y[position] ?? 0);
  return { x: takeRows(x, positions), answers: tensor('int32', [labels.length], labels) };
}
