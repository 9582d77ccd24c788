/** 1/√x of values x ≥ 0 that may vanish, with a gradient there. */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';

const SMALLEST = 1e-12;

/** A little less than 1/√x. */
export function inverseRoot(b: Builder, x: Node): Node {
  return b.reciprocal(b.sqrt(b.add(x, SMALLEST)));
}
