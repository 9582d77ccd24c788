/** What turns a gradient into the next parameters. All parameters are one vector. */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';

export interface OptimiserState {
  readonly parameters: Node;
  /** In the order of `slots`. */
  readonly slots: readonly Node[];
}

/** Scalars that are fed at each step. */
export interface Pace {
  readonly rate: Node;
  /** The share by which parameters decay towards zero. */
  readonly shrink: Node;
}

export interface Optimiser {
  readonly id: string;
  /** Vectors kept beside the parameters, zero at first, by name. */
  readonly slots: readonly string[];
  /** The rate that the update is fed at step t, from 1, of a schedule's rate. */
  rateAt(rate: number, step: number): number;
  update(b: Builder, state: OptimiserState, gradient: Node, pace: Pace): OptimiserState;
}
