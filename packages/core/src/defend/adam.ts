/**
 * Adam as a graph: Kingma & Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1 in
 * the order of its section 2, with the decoupled weight decay of Loshchilov & Hutter (2019). One
 * update of one parameter; the moments are values like any other, fed in and handed back, so that a
 * whole training step is one program.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';

export interface Adam {
  /** Decay of the running mean of the gradient, and of its square. */
  readonly firstDecay: number;
  readonly secondDecay: number;
  /** Keeps the quotient finite where gradients vanish. */
  readonly epsilon: number;
}

export const adam: Adam = { firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 };

/** A parameter with its moments, all of one shape. */
export interface AdamState {
  readonly parameter: Node;
  readonly first: Node;
  readonly second: Node;
}

export interface AdamStep {
  readonly rate: Node;
  readonly shrink: Node;
}

/**
 * The learning rate with both bias corrections in it: α·√(1 − β₂ᵗ)/(1 − β₁ᵗ).
 * @param step t, from 1.
 */
export function correctedRate(rate: number, step: number, options: Adam = adam): number {
  return (rate * Math.sqrt(1 - options.secondDecay ** step)) / (1 - options.firstDecay ** step);
}

/**
 * The state after one step against `gradient`. `rate`, a correctedRate, and `shrink`, the share by
 * which the parameter decays towards zero, are scalar nodes.
 */
export function adamUpdate(
  b: Builder,
  { parameter, first, second }: AdamState,
  gradient: Node,
  { rate, shrink }: AdamStep,
  { firstDecay, secondDecay, epsilon }: Adam = adam,
): AdamState {
  const mean = b.add(b.mul(first, firstDecay), b.mul(gradient, 1 - firstDecay));
  const square = b.mul(b.mul(gradient, gradient), 1 - secondDecay);
  const spread = b.add(b.mul(second, secondDecay), square);
  const step = b.mul(rate, b.div(mean, b.add(b.sqrt(spread), epsilon)));
  const kept = b.sub(parameter, b.mul(shrink, parameter));
  return { parameter: b.sub(kept, step), first: mean, second: spread };
}
