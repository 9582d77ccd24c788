/** A model read as a classifier under a criterion of success. */
import type { Criterion } from '../audit/run.ts';
import type { Node } from '../graph/graph.ts';
import type { ClassLabels } from '../onnx/class-labels.ts';
import type { Labels } from './judge.ts';
import type { Judgement } from './judgement.ts';
import type { Network } from './network.ts';
import type { Programs } from './programs.ts';

/** Its graph goes up to `logits` and `proven` at least. */
export interface Classifier extends Network {
  /** For attacks: on the accelerator, where there is one. */
  readonly searchPrograms: Programs;
  /** What counts as broken; `logits`, `proven` and `judge` are as it sees them (criteria/view.ts). */
  readonly criterion: Criterion;
  /** Whether proofs about `proven` say that the criterion is not met. */
  readonly provable: boolean;
  /** The class of `logits` and of judgements that must stay ahead for inputs of a label. */
  readonly kept: (label: number) => number;
  /** Whether an answer to the unperturbed input is a mistake of its own. */
  readonly mistaken: (answer: number, label: number) => boolean;
  /** The labels of inputs by their index, which some criteria need. */
  readonly labels: Labels;
  /** The same with other labels. */
  withLabels(labels: Labels): Classifier;
  /** The value [batch, classes] that attacks work on. */
  readonly logits: Node;
  /** The value [batch, classes] that proofs work on. */
  readonly proven: Node;
  /** A lead of more than this in `proven` is one in the file's own scores. */
  readonly separation: number;
  /** Whether searches let gradients pass rounding and comparisons. */
  readonly straightThrough: boolean;
  readonly classes: number;
  /** What the file calls the classes, in order; null where it does not say it. */
  readonly classLabels: ClassLabels | null;
  /** How many classes labels may name. */
  readonly labelled: number;
  readonly notes: readonly string[];
  /**
   * What the original file answers to rows [rows × sampleSize]; `streams` are the indices of the inputs
   * they belong to, which fixed inputs and random numbers go by.
   */
  judge(rows: Float32Array, streams: readonly number[]): Promise<Judgement>;
  release(): Promise<void>;
}
