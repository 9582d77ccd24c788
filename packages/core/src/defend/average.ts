/**
 * The running mean of the weights along a training (Polyak & Juditsky 1992), w̄ ← w̄ + share·(w − w̄): more robust
 * than the last weights are, and than the training's noise lets any epoch be (Izmailov et al. 2018; Rebuffi et al.
 * 2021, § 3). Batch normalisation has running statistics of its own for them.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';

/** The vector that holds another's mean. */
export const averageName = (name: string): string => `average ${name}`;

/** What the mean holds is by and large of the last ninth of a training, however short. */
const RECENT = 9;

/** How much the values after step `step` (from 1) count in their mean: 1 − decay, of early steps more. */
export function newestShare(decay: number, step: number): number {
  return Math.max(1 - decay, RECENT / (step + RECENT));
}

export function averaged(b: Builder, mean: Node, newest: Node, share: Node): Node {
  return b.add(mean, b.mul(share, b.sub(newest, mean)));
}
