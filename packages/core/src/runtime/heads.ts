/**
 * Where a classifier's scores come from. Attacks work on the logits, whose gradient does not vanish; proofs
 * work on them too wherever an order of logits is the same order of scores.
 */
import { Builder, replay } from '../graph/builder.ts';
import { type Dimension, known } from '../graph/dimension.ts';
import { type Graph, type Node, nodeAt } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import { type Build, isHard, type Lead, leadOf } from './decisions.ts';
import { rejoined } from './score-columns.ts';
import { backwards, type Ending, SEPARATION, unshaped } from './score-rules.ts';
import { complementOf, singleScore } from './single-scores.ts';

export interface Head {
  /** The network with `search` and `proven` among its nodes. */
  readonly graph: Graph;
  /** [batch, classes]: what attacks work on. */
  readonly search: Node;
  /** [batch, classes]: what proofs work on. */
  readonly proven: Node;
  readonly classes: number;
  /** A lead of this much in `proven` is one in the file's own, rounded scores. */
  readonly separation: number;
  /** What the file makes of its logits, outermost first. */
  readonly endings: readonly Ending[];
  /** For a single score: the value from which class 1 is meant; null where every class has a score. */
  readonly threshold: number | null;
  readonly notes: readonly string[];
}

/** A graph with more nodes behind its own; `build` has the copy of each node by its id. */
export function extended<T>(
  graph: Graph,
  build: (...given: Parameters<Build>) => T,
): { readonly graph: Graph; readonly built: T } {
  const b = new Builder();
  const copies = replay(b, graph, new Map());
  const copyOf = (node: Node): Node => copies.get(node.id) ?? node;
  const built = build(b, copyOf);
  const outputs = graph.outputs.map(({ name, id }) => [name, copyOf(nodeAt(graph, id))] as const);
  return { graph: b.graph(Object.fromEntries(outputs)), built };
}

/** Logits [0, z] of a single z, [batch] or [batch, 1, …]. */
function besideZero(graph: Graph, z: Build): { graph: Graph; built: Node } {
  return extended(graph, (b, copyOf) => {
    const value = z(b, copyOf);
    const column = b.reshape(value, [value.shape[0] ?? 1, 1]);
    return b.concat([b.expand(b.scalar(0), column.shape), column], 1);
  });
}

const counted = (dim: Dimension | undefined): number =>
  dim === undefined ? 1 : known(dim, 'the scores');

/** A head with a score for every class. */
function severalScores(graph: Graph, output: Node): Head {
  const { search, proven, separation, endings, notes } = backwards(graph, output);
  const shape = output.shape;
  const { graph: whole, built } = extended(graph, (b, copyOf) => ({
    search: b.reshape(copyOf(search), shape),
    proven: b.reshape(copyOf(proven), shape),
  }));
  const classes = counted(shape[1]);
  return { graph: whole, ...built, classes, separation, endings, threshold: null, notes };
}

/** A head whose one output is the decision itself. */
function decisionHead(graph: Graph, { margin, separation, threshold }: Lead): Head {
  const { graph: whole, built } = besideZero(graph, margin);
  const notes = [
    'The model answers with a decision and no score: attacks and proofs use what it compares, and the answer judges.',
  ];
  const head = { search: built, proven: built, classes: 2, separation };
  return { graph: whole, ...head, endings: [], threshold, notes };
}

/** Reads an output of a graph as the scores of a classifier. Throws ModelError. */
export function headOf(graph: Graph, name: string, given: Node): Head {
  const output = rejoined(graph, given);
  const width = output.shape.length > 2 ? 0 : counted(output.shape[1]);
  if (width === 0) {
    throw new ModelError(
      'unsupported',
      `output ${name} has shape [${output.shape.join(', ')}]; a classifier gives one score for each class, [batch, classes], or one for two classes`,
    );
  }
  const lead = width === 1 ? leadOf(graph, output) : undefined;
  if (lead) return decisionHead(graph, lead);
  if (width === 1 && isHard(graph, output)) {
    throw new ModelError(
      'unsupported',
      `output ${name} holds labels or whole numbers (the last operation is ${unshaped(graph, output).label}), not scores: choose the scores before them with --output, or export them`,
    );
  }
  const p = width === 2 ? complementOf(graph, output) : singleScore(graph, name, output);
  const inner = p && unshaped(graph, p);
  if (!p || width > 2 || (width === 2 && inner?.op !== 'sigmoid')) {
    return severalScores(graph, output);
  }
  const isProbability = inner?.op === 'sigmoid';
  const z = isProbability ? nodeAt(graph, inner.operands[0] ?? 0) : p;
  const { graph: whole, built } = besideZero(graph, (_, copyOf) => copyOf(z));
  const scores = width === 2 ? 'The model ends in p and 1 − p' : 'The model has a single score';
  return {
    graph: whole,
    search: built,
    proven: built,
    classes: 2,
    separation: isProbability ? SEPARATION : 0,
    endings: isProbability ? ['softmax'] : [],
    threshold: width === 2 ? null : isProbability ? 0.5 : 0,
    notes: [
      isProbability
        ? `${scores}, a sigmoid: it is read as the probability of class 1, and the logit before it is used.`
        : `${scores}: it is read as the logit of class 1, which is meant where it is above 0.`,
    ],
  };
}
