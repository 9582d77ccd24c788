/**
 * Domains: parts of one set of inputs, told apart by where values inside lie; and what is asked on them. Plain
 * data, which other processes can be sent.
 */
import { addDown } from '../tensor/float64.ts';
import type { Chosen } from './domain-choices.ts';
import { isAbove } from './specification.ts';

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

/** A row over a network's outputs, asked to be at most its bound, that is to be refuted; of a conjunction one is enough. */
export interface Question {
  /** Which of those asked about a set. */
  readonly index: number;
  /** All rows of the conjunction that it is one of; by default it is alone. */
  readonly rows?: readonly Question[];
  readonly row: Float32Array;
  /** At least what goes with the row: other terms, and what rounding takes off. */
  readonly beside: number;
  /** What both together must exceed, or, of a strict row, reach. */
  readonly bound: number;
  readonly isStrict: boolean;
}

/** How far a lower bound of a question's row is beyond what refutes it: above 0 where it does; NaN for NaN. */
export function excessOf(question: Question, least: number): number {
  const value = addDown(least, question.beside);
  const over = value - question.bound;
  // A strict row may be refuted with nothing to spare.
  return isAbove(question, value) ? Math.max(over, Number.MIN_VALUE) : Math.min(over, 0);
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
