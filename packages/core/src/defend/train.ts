/** Training a network, from its options to the trained network. */
import type { Graph } from '../graph/graph.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Threat } from '../threats/threat.ts';
import type { Augmentation } from './augment.ts';
import type { Checkpoint, EpochReport, Kept } from './checkpoint.ts';
import type { Labelled } from './labelled.ts';
import type { TrainingMethodName } from './methods/table.ts';
import type { OptimiserName } from './optimisers/table.ts';
import type { ScheduleName } from './schedules.ts';
import { Training } from './training.ts';

export interface StepReport {
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
}

export interface TrainOptions {
  /** One input [batch, …]; the first output holds logits [batch, classes]. */
  readonly network: Graph;
  readonly data: Labelled;
  readonly runtime: Runtime;
  readonly epochs: number;
  /** Rows of a step; what does not fill one is left for another epoch. */
  readonly batch: number;
  /** The highest learning rate of the schedule. */
  readonly peakRate: number;
  readonly seed: number;
  /** Begins with fresh parameters in the place of the network's own. */
  readonly init?: boolean;
  /** By default natural. */
  readonly method?: TrainingMethodName;
  /** What the method trains against; of the natural one nothing. */
  readonly threat?: Threat;
  /**
   * The radius that the method trains against, where it is not the threat's, by which a validation goes: one that is
   * somewhat greater is better learnt (Gowal et al. 2018, section 4). By default the method's.
   */
  readonly trainEps?: number;
  /** Of trades: how much the divergence weighs; by default 6. */
  readonly beta?: number;
  /** By default adamw. */
  readonly optimiser?: OptimiserName;
  /** By default one-cycle. */
  readonly schedule?: ScheduleName;
  /** Weight decay: each step shrinks the parameters by the rate times this. */
  readonly decay?: number;
  /** Gradients longer than this are shortened to it. */
  readonly gradientLimit?: number;
  /**
   * Decay of the running mean of the weights that is validated and kept in their place, from 0 (the weights
   * themselves) to less than 1; by default the method's.
   */
  readonly average?: number;
  readonly augmentation?: Augmentation;
  /** Judged after each epoch; the most robust epoch is kept. */
  readonly validation?: Labelled;
  /** Ends after so many epochs that brought nothing, counted from where the radius is whole. */
  readonly patience?: number;
  /** Where an interrupted training with the same options left off. */
  readonly resume?: Checkpoint;
  readonly onStep?: (report: StepReport) => void;
  readonly onEpoch?: (report: EpochReport) => void;
  /** After each epoch; the next begins once it has settled. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => Promise<void>;
  /** Looked at before every step. */
  readonly signal?: CancelSignal | undefined;
}

export interface Trained {
  readonly graph: Graph;
  /** What was trained, and running statistics, by name. */
  readonly values: ReadonlyMap<string, Tensor>;
  readonly history: readonly EpochReport[];
  /** The epoch whose parameters these are, where a validation chose; else the last. */
  readonly best: Kept | null;
  /** After which epoch the method's fallback took over; null: it did not. */
  readonly fellBack: number | null;
}

/**
 * Throws RangeError where there is nothing to train or the samples do not fill a batch; Diverged, where
 * the loss is no number any more; RuleMissing, where an op has no gradient.
 */
export async function trained(options: TrainOptions): Promise<Trained> {
  const training = new Training(options);
  const { values, checkpoint } = await training.run();
  const { network } = training;
  const { history, best, fellBack } = checkpoint;
  return { graph: network.closed(values), values: network.named(values), history, best, fellBack };
}

/** The network with trained parameters. Throws what `trained` throws. */
export async function train(options: TrainOptions): Promise<Graph> {
  return (await trained(options)).graph;
}
