/** The order in which a training sees its samples, and the rows of one batch. */
import { RandomBlock } from '../tensor/random.ts';
import { type Tensor, takeRows, tensor } from '../tensor/tensor.ts';
import type { Labelled } from './labelled.ts';

/** Keeps the orders apart from what else is drawn from the seed (layers are streams 0, 1, …). */
const STREAM = 0x5eed;

/** A permutation of 0 … count − 1 (Fisher and Yates); the same (seed, epoch) gives the same one. */
export function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const random = new RandomBlock(seed, STREAM, epoch);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform(i) * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** The samples at the given positions, in that order: what a program is fed. */
export function batchRows(
  { x, y, soft }: Labelled,
  positions: Uint32Array,
): { readonly x: Tensor<'float32'>; readonly answers: Tensor } {
  if (soft) return { x: takeRows(x, positions), answers: takeRows(soft, positions) };
  const labels = Int32Array.from(positions, (position) => y[position] ?? 0);
  return { x: takeRows(x, positions), answers: tensor('int32', [labels.length], labels) };
}
