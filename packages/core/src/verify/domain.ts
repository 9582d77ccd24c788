/** Domains: parts of one set of inputs, told apart by where values inside lie; and what is asked on them. */
import type { Chosen } from './domain-choices.ts';

/** A value of a stop kept on one side of a point. */
export interface Split {
  readonly place: number;
  readonly element: number;
  /** 1: at or above the point; −1: at or below. */
  readonly side: 1 | -1;
  readonly point: number;
  /** Whether a multiplier goes with it: of a value that is cut again, with the last cut alone. */
  readonly weighs: boolean;
}

/** A row over a network's outputs that is to be refuted; of a conjunction one is enough. */
export interface Question {
  /** Which of those asked about a set. */
  readonly index: number;
  /** All rows of the conjunction that it is one of; by default it is alone. */
  readonly rows?: readonly Question[];
  readonly row: Float32Array;
  /** How far a lower bound of the row is beyond what refutes it: above 0 where it does; NaN for NaN. */
  excess(least: number): number;
}

export interface Domain {
  readonly question: Question;
  readonly splits: readonly Split[];
  /** Slopes and multipliers to start from; null: CROWN's. */
  readonly chosen: Chosen | null;
  /** The greatest excess that was found, of this domain or one that holds it; not proven. */
  readonly key: number;
  /** Steps up that it gets. */
  readonly steps: number;
}
