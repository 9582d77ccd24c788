/** What bound propagation asks of a set of inputs; threats answer. */
import type { Node } from '../graph/graph.ts';
import type { Bounds } from '../graph/ops/definition.ts';

/** The set an input ranges over, as graph values. */
export interface InputSet {
  /** A point of the set, of the input's shape; support is measured from here. */
  readonly centre: Node;
  /** A box that encloses the set. */
  readonly box: Bounds;
  /** Whether the set is its box. */
  readonly isBox: boolean;
  /**
   * Upper bound of a·δ over the set, for coefficient rows a of shape [batch·rows, n] or, when
   * `shared`, one [rows, n] for every sample: [batch, rows].
   */
  support(rows: Node, shared: boolean): Node;
  /**
   * Upper bound of Σ a_i·|δ_i| over the set, for rows a ≥ 0 as `support` takes them: [batch, rows]. Absent: as
   * of a box, or by the support of a and of −a.
   */
  spread?(rows: Node, shared: boolean): Node;
}
