/**
 * What was measured about a model before anything is concluded: gathered once (gather.ts), read by every
 * indicator. All columns have one entry for each examined input: right ones, in the ledger's order. What
 * was not run is null.
 */
import type { NormName } from '../audit/run.ts';
import type { SlopeProbe } from './slopes.ts';
import type { StepProbe } from './steps.ts';

/** What advice depends on. */
export interface Examined {
  readonly norm: NormName;
  /** Whether --straight-through, which the run did without, lets searches pass steps of the model. */
  readonly passable: boolean;
  /** Whether its own gradients are draws. */
  readonly random: boolean;
}

/** One attack on every examined input, whatever others did to it. */
export interface Trial {
  readonly id: string;
  /** Radius it was given. */
  readonly eps: number;
  /** What the original file confirmed. */
  readonly broken: readonly boolean[];
}

/** Attacks by what they know. */
export interface Trials {
  /** Iterated gradient steps on softmax cross-entropy in float32: what most evaluations report. */
  readonly iterated: Trial;
  /** One such step. */
  readonly oneStep: Trial;
  /** The same as `iterated` with more steps and restarts. */
  readonly longer: Trial | null;
  /** Random points of the set. */
  readonly random: Trial;
  /** Scores alone. */
  readonly scores: Trial | null;
  /** Gradients of other models. */
  readonly transfer: Trial | null;
  /** Gradients through steps as if they were not there, and of the mean over random draws or a neighbourhood. */
  readonly adapted: Trial | null;
  /** `iterated` at other radii, ascending, the run's own among them. */
  readonly curve: readonly Trial[];
  /** Such steps with the whole valid box to choose from, or a radius far beyond the data. */
  readonly unbounded: Trial | null;
}

export interface Bracket {
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface Evidence {
  /** Inputs examined, and all of the run. */
  readonly count: number;
  readonly total: number;
  readonly eps: number;
  readonly examined: Examined;
  readonly trials: Trials;
  /** Margins that `iterated` saw of each input, step by step. */
  readonly paths: readonly Float32Array[];
  readonly slopes: SlopeProbe;
  /** null: votes of a randomised model move in steps whatever its scores do. */
  readonly steps: StepProbe | null;
  /** Whether single passes of a randomised model see different margins; null: it draws nothing. */
  readonly wavering: readonly boolean[] | null;
  /** What the file's scores look like. */
  readonly output: 'scores' | 'probabilities' | 'answers';
  /** Whether its scores are the same at all inputs and at points all over the valid box. */
  readonly constant: boolean;
  readonly brackets: readonly Bracket[];
}
