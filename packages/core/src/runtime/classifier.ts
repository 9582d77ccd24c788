/** A model read as a classifier under a criterion of success, and its network as a program's nodes see it. */
import type { Builder } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import { type Graph, inputNodes, type Node } from '../graph/graph.ts';
import type { Model } from '../onnx/read.ts';
import type { Criterion } from '../audit/run.ts';
import type { Labels } from './judge.ts';
import type { Judgement } from './judgement.ts';
import type { Programs } from './programs.ts';
import { type SideInput, sideNodes } from './side-inputs.ts';

export interface Classifier {
  readonly model: Model;
  readonly programs: Programs;
  /** For attacks: on the accelerator, where there is one. */
  readonly searchPrograms: Programs;
  /** The network, up to `logits` and `proven` at least. */
  readonly graph: Graph;
  /** What counts as broken; `logits`, `proven` and `judge` are as it sees them (criteria/view.ts). */
  readonly criterion: Criterion;
  /** Whether proofs about `proven` say that the criterion is not met. */
  readonly provable: boolean;
  /** The class of `logits` and of judgements that must stay ahead for inputs of a label. */
  readonly kept: (label: number) => number;
  /** Whether an answer to the unperturbed input is a mistake of its own. */
  readonly mistaken: (answer: number, label: number) => boolean;
  /** The value [batch, classes] that attacks work on. */
  readonly logits: Node;
  /** The value [batch, classes] that proofs work on. */
  readonly proven: Node;
  /** A lead of more than this in `proven` is one in the file's own scores. */
  readonly separation: number;
  readonly input: string;
  /** Whether searches let gradients pass rounding steps. */
  readonly straightThrough: boolean;
  /** Passes over a randomised model whose mean logits attacks see: their gradient is the mean one. */
  readonly expectation: number;
  /** Inputs that nobody perturbs. */
  readonly sides: readonly SideInput[];
  /** What programs are told of each row's label where its kept class does not say it. */
  readonly goal: SideInput | null;
  /** The labels of inputs by their index, which some criteria need. */
  readonly labels: Labels;
  /** The same with other labels. */
  withLabels(labels: Labels): Classifier;
  /** Shape of one sample. */
  readonly sampleShape: readonly number[];
  readonly sampleSize: number;
  readonly classes: number;
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

/** The symbolic (or, for one-sample models, unit) size programs use for rows. */
export function batchOf(classifier: Classifier): number | string {
  return classifier.model.batched ? BATCH : 1;
}

/** What stands for the inputs of the classifier's graph in a builder: x, and the side inputs. */
export function networkInputs(b: Builder, classifier: Classifier, x: Node): Map<number, Node> {
  const { graph, input } = classifier;
  const own = inputNodes(graph).find(({ attributes }) => attributes.name === input);
  if (!own) throw new RangeError(`the network has no input ${input}`);
  return new Map([[own.id, x], ...sideNodes(b, graph, input)]);
}
