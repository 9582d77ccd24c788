/** Seeded orders: the same (seed, epoch) gives the same permutation. */
import { RandomBlock } from '../tensor/random.ts';

/** Keeps the orders apart from what else is drawn from the seed (layers are streams 0, 1, …). */
const STREAM = 0x5eed;

/** A permutation of 0 … count − 1 (Fisher and Yates). */
export function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const random = new RandomBlock(seed, STREAM, epoch);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform(i) * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}
