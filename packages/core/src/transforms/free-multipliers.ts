/**
 * Multipliers of what is known of values inside (Wang et al. 2021, β-CROWN): a value v in [l, u] has
 * m·v ≤ max(m·l, m·u), so a bound on f + m·v less that is one on f, whatever m is. Where a branch has moved an
 * end, the right m lets the other branch's inputs out of the bound.
 */
import type { Node } from '../graph/graph.ts';

export interface FreeMultipliers {
  /** For each coefficient row, [batch, rows, width], of a value whose ends are known. Any number is sound. */
  multiplierAt(value: Node, passing: Passing): Multiplier | undefined;
}

/** What a backward pass knows of a value when it comes to it. */
export interface Passing {
  /** What the rows multiply is the value less this. */
  readonly centre: Node;
}

export interface Multiplier {
  readonly value: Node;
  /** The same number, as a node that only the coefficients are made of. */
  readonly added: Node;
}
