/**
 * What a training method states. A step of training is two programs: the adversary's, which moves the
 * batch's inputs, and the step's, whose loss is about the inputs so moved. Between them parameters are
 * fed again, so that no gradient flows through the adversary's moves (Danskin's theorem; Madry et al. 2018).
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { Threat } from '../threats/threat.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { NetworkOver, Parametrisation, TrainableNetwork } from './network.ts';

/** What is fed at each step besides inputs and answers, by name. */
export type Knobs = Readonly<Record<string, number>>;

export interface MethodContext {
  readonly b: Builder;
  readonly network: NetworkOver;
  readonly threat: Threat;
  /** The batch as it is in the data: [batch, …]. */
  readonly x: Node;
  /** What should be answered: one-hot rows or probabilities, [batch, classes]. */
  readonly answers: Node;
  /** A scalar that is fed. */
  readonly knob: (name: string) => Node;
}

export interface ObjectiveContext extends MethodContext {
  /** The batch as the adversary moved it; the batch itself where there is none. */
  readonly moved: Node;
}

/** Moves inputs, from a random place step by step: a program for the first place and one for each step. */
export interface Adversary {
  /** How often it steps in training, and where a validation asks. */
  readonly steps: number;
  readonly validatedSteps: number;
  /** How the numbers that it starts from are drawn. */
  readonly noise: 'uniform' | 'normal';
  /** The first place; `noise` has the inputs' shape. */
  readonly start: (context: MethodContext, noise: Node) => Node;
  /** From a place to the next, `stride` radii long (a scalar); absent: the first place is the last. */
  readonly step?: (context: MethodContext, point: Node, stride: Node) => Node;
  /** The length of a step where so many are taken, in radii. */
  readonly stride: (steps: number) => number;
}

export interface Objective {
  /** One loss a row: [batch]. */
  readonly loss: Node;
  readonly statistics: BatchStatistics | null;
  /** Added to the mean of the rows' losses. */
  readonly penalty?: Node;
}

/** What is measured once, before the first step. */
export interface Measured {
  readonly network: TrainableNetwork;
  readonly threat: Threat;
  readonly runtime: Runtime;
}

export interface Method {
  readonly id: string;
  /** What the network computes with in the place of what is trained; absent: that itself. */
  readonly parametrisation?: Parametrisation;
  /**
   * Standard deviation of a weight's normal first values, by the products that are summed with it; absent: uniform
   * in ±1/√fan-in.
   */
  readonly spread?: (fanIn: number) => number;
  /** Knobs that stay as they are. Throws RangeError where the method cannot serve the network or the threat. */
  readonly measure?: (measured: Measured) => Promise<Knobs>;
  /** Whether `margin` is a bound over the whole set, or only a value somewhere in it. */
  readonly proves: boolean;
  readonly adversary?: Adversary;
  readonly objective: (context: ObjectiveContext) => Objective;
  /** What a validation counts as robust: the margin of the answer, for rows where it is positive. */
  readonly margin: (context: ObjectiveContext) => Node;
  /** The scalars fed when a share of the training is over, for a radius ε. */
  readonly knobs: (share: number, eps: number) => Knobs;
  /** Share of the training after which its radius is the whole one. */
  readonly ramp: number;
  /** What it trains against in radii, where nothing else is asked for; absent: one. Counts of features stay. */
  readonly widening?: number;
  /** Decay of the mean of its weights that is kept in their place (average.ts); absent: the weights themselves. */
  readonly average?: number;
  /** What goes on from the best epoch where this one is found to have overfitted to its own adversary. */
  readonly fallback?: Method;
}

/** The radius that a method trains against where nothing else is asked for, in a ball of ε. */
export function trainedRadius({ widening = 1 }: Method, { eps, norm }: Threat): number {
  return eps * (norm.counts ? 1 : widening);
}

/** From 0 to 1 over the given part of the training, level outside. */
export function rising(share: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (share - from) / Math.max(to - from, 1e-9)));
}
