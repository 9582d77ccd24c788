/** Samples held out of a training. */
import { shuffled } from './batches.ts';

/** Apart from the order of any epoch. */
const DRAW = -1;

export interface Split {
  /** Positions, ascending. */
  readonly training: Uint32Array;
  readonly heldOut: Uint32Array;
}

/** Holds out a share of `count` samples, by the seed. */
export function holdOut(count: number, share: number, seed: number): Split {
  const order = shuffled(count, seed, DRAW);
  const held = Math.round(count * share);
  return { heldOut: order.slice(0, held).sort(), training: order.slice(held).sort() };
}
