/** A model read as a classifier. */
import type { Node } from '../graph/graph.ts';
import type { ClassLabels } from '../onnx/class-labels.ts';
import type { Judgement } from './judgement.ts';
import type { Network } from './network.ts';
import type { Programs } from './programs.ts';

/** Its graph goes up to `logits` and `proven` at least. */
export interface Classifier extends Network {
  /** For attacks: on the accelerator, where there is one. */
  readonly searchPrograms: Programs;
  /** The value [batch, classes] that attacks work on. */
  readonly logits: Node;
  /** The value [batch, classes] that proofs work on. */
  readonly proven: Node;
  /** A lead of more than this in `proven` is one in the file's own scores. */
  readonly separation: number;
  /** Whether searches let gradients pass rounding steps. */
  readonly straightThrough: boolean;
  readonly classes: number;
  /** What the file calls the classes, in order; null where it does not say it. */
  readonly classLabels: ClassLabels | null;
  readonly notes: readonly string[];
  /**
   * What the original file answers to rows [rows × sampleSize]; `streams` are the indices of the inputs
   * they belong to, which fixed inputs and random numbers go by.
   */
  judge(rows: Float32Array, streams: readonly number[]): Promise<Judgement>;
  release(): Promise<void>;
}
