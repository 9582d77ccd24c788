/** Samples with their classes, and rows of them. */
import { type Tensor, takeRows, tensor } from '@glacis/core';

export interface Labelled {
  /** [samples, …shape of one] */
  readonly x: Tensor<'float32'>;
  /** One class a sample. */
  readonly y: Int32Array;
}

/** The samples at the given positions, in that order. */
export function rowsAt({ x, y }: Labelled, positions: Uint32Array): Record<'x' | 'labels', Tensor> {
  const labels = Int32Array.from(positions, (position) => y[position] ?? 0);
  return { x: takeRows(x, positions), labels: tensor('int32', [labels.length], labels) };
}
