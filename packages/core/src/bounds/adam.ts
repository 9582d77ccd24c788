/** One step of Adam (Kingma & Ba 2015) as graph values: the state goes in and out of the program. */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';

const [FIRST, SECOND, TINY] = [0.9, 0.999, 1e-8];

export interface Moments {
  readonly first: Node;
  readonly second: Node;
}

/** Numbers of one step, fed as `rate` and `scale`. `step` counts from 1. */
export function adamFeeds(step: number, rate: number): { rate: number; scale: number } {
  return { rate: rate / (1 - FIRST ** step), scale: 1 / (1 - SECOND ** step) };
}

/** `at` moved up its gradient, and the moments for the next step; `rate` and `scale` as adamFeeds. */
export function adamStep(
  b: Builder,
  at: Node,
  gradient: Node,
  { first, second }: Moments,
  { rate, scale }: { readonly rate: Node; readonly scale: Node },
): { readonly at: Node } & Moments {
  const mean = b.add(b.mul(first, FIRST), b.mul(gradient, 1 - FIRST));
  const square = b.add(b.mul(second, SECOND), b.mul(b.mul(gradient, gradient), 1 - SECOND));
  const size = b.add(b.sqrt(b.mul(square, scale)), TINY);
  return { at: b.add(at, b.mul(rate, b.div(mean, size))), first: mean, second: square };
}
