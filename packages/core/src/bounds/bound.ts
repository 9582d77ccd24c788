/** What every bound is: a way to bound the margins of a classifier over a set, as one program. */
import type { Node } from '../graph/graph.ts';
import type { IntervalPropagation, PropagationOptions } from '../transforms/interval.ts';

export interface Bound {
  /** Its name on the command line and in the ledger. */
  readonly id: string;
  /** How the values inside are bounded. */
  readonly inside: PropagationOptions;
  /** Lower bound of rows·scores, rows [batch, rows, classes]: [batch, rows]. */
  lowerBound(propagation: IntervalPropagation, scores: Node, rows: Node): Node;
}
