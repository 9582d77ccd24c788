/**
 * A criterion of success is a way to look at a model: scores of which one, the kept one, is strictly
 * ahead exactly while an input is not broken. Attacks push the kept score's margin down, proofs hold it
 * up, and the judge reads it from the original file; none of them knows which criterion it serves.
 */
import type { Graph, Node } from '../../graph/graph.ts';

/** The name of the input that tells a program about each row's label or target, where a view needs it. */
export const GOAL = 'glacis/criterion';

/** What a file's output says, in its own words and in the view's. */
export interface Reading {
  /** [rows × classes], float64. */
  readonly scores: Float64Array;
  /** The answer to show for each row; absent: the class with the greatest score. */
  readonly answers?: Float64Array;
}

export interface View {
  /** The network with `search` and `proven` among its nodes, and perhaps an input GOAL. */
  readonly graph: Graph;
  /** [batch, classes]: what attacks work on. */
  readonly search: Node;
  /** [batch, classes]: what proofs work on; never ahead by more than `search` is. */
  readonly proven: Node;
  readonly classes: number;
  /** A lead of this much in `proven` is one by the file's own, rounded scores. */
  readonly separation: number;
  /** How many classes labels may name; Infinity where they are no classes. */
  readonly labelled: number;
  /** Numbers of the file's output a row. */
  readonly width: number;
  /** Whether a margin of `proven` proves anything. */
  readonly provable: boolean;
  readonly notes: readonly string[];
  /** The score that must stay ahead for inputs of this label. */
  readonly kept: (label: number) => number;
  /** What GOAL is fed for a label and the index of its input; null where there is no such input. */
  readonly goal: {
    readonly size: number;
    readonly row: (label: number, index: number) => Float32Array;
  } | null;
  /** Reads the file's output for rows of these labels, of the inputs with these indices. */
  readonly read: (
    raw: Float64Array,
    labels: ArrayLike<number>,
    indices: readonly number[],
  ) => Reading;
  /** Whether the answer at the unperturbed input is a mistake of its own. */
  readonly mistaken: (answer: number, label: number) => boolean;
}
