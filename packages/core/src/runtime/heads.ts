/**
 * Where a classifier's scores come from: what its last operations make of the logits, by small rules that are
 * applied from the output backwards. Attacks work on the logits, whose gradient does not vanish;
 * proofs work on them too wherever an order of logits is the same order of scores.
 */
import { Builder, replay } from '../graph/builder.ts';
import { type Dimension, known } from '../graph/dimension.ts';
import { type Graph, type Node, nodeAt, operandsOf } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';

export type Ending = 'softmax' | 'log-softmax' | 'sigmoids' | 'shares';

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

/**
 * Softmax, sigmoid and a division by the row's sum round to at most a few units of 2⁻²³ near a tie; logits
 * this far apart still differ then.
 */
const SEPARATION = 2 ** -18;

interface Found {
  readonly search: Node;
  readonly proven: Node;
  readonly separation: number;
  readonly endings: readonly Ending[];
  readonly notes: readonly string[];
}

/** One step backwards; undefined where the rule does not apply. */
type Rule = (graph: Graph, found: Found) => Found | undefined;

/** A value that only gives another shape to the same rows. */
function unshaped(graph: Graph, node: Node): Node {
  let inner = node;
  while (inner.op === 'reshape' && inner.shape[0] === node.shape[0]) {
    inner = nodeAt(graph, inner.operands[0] ?? 0);
  }
  return inner;
}

/** The axis that holds the classes: the only one of more than one element. */
function isOverClasses(node: Node, axis: number, classes: Dimension | undefined): boolean {
  return node.shape[axis] === classes && node.shape.slice(1).filter((dim) => dim !== 1).length <= 1;
}

const normalisedScores: Rule = (graph, found) => {
  if (found.search !== found.proven) return undefined;
  const inner = unshaped(graph, found.search);
  if (inner.op !== 'softmax' && inner.op !== 'logSoftmax') return undefined;
  if (!isOverClasses(inner, inner.attributes.axis, found.search.shape[1])) return undefined;
  const logits = nodeAt(graph, inner.operands[0] ?? 0);
  const name = inner.op === 'softmax' ? 'softmax' : 'log-softmax';
  return {
    search: logits,
    proven: logits,
    separation: SEPARATION,
    endings: [name],
    notes: [`The model ends in a ${name}: attacks and proofs use the logits before it.`],
  };
};

/**
 * Probabilities divided by a positive number of their row, as scikit-learn's Normalizer does. (Larger
 * scores could tie by the division's rounding.)
 */
const scaledRows: Rule = (graph, { search, proven }) => {
  if (search !== proven || search.op !== 'div') return undefined;
  const [scores, divisor] = operandsOf(graph, search);
  if (divisor?.op !== 'max' || divisor.shape[1] !== 1) return undefined;
  if (scores?.op !== 'sigmoid' && scores?.op !== 'softmax') return undefined;
  const floor = operandsOf(graph, divisor).find(({ op }) => op === 'constant');
  const least = floor?.op === 'constant' ? Number(floor.attributes.tensor.data[0]) : 0;
  if (!(least > 0)) return undefined;
  const notes = [
    'The model ends in scores divided by their sum: those before the division are used.',
  ];
  const found = { search: scores, proven: scores, separation: SEPARATION };
  return { ...found, endings: ['shares'], notes };
};

/** Several sigmoids may all round to 1 and tie, so proofs stay with them. */
const sigmoids: Rule = (graph, found) => {
  if (found.search !== found.proven || found.search.op !== 'sigmoid') return undefined;
  return {
    ...found,
    search: nodeAt(graph, found.search.operands[0] ?? 0),
    endings: ['sigmoids'],
    notes: ['The model ends in sigmoids: attacks use the logits before them.'],
  };
};

const rules: readonly Rule[] = [normalisedScores, scaledRows, sigmoids];

function backwards(graph: Graph, output: Node): Found {
  let found: Found = { search: output, proven: output, separation: 0, endings: [], notes: [] };
  for (;;) {
    const [next] = rules.flatMap((rule) => rule(graph, found) ?? []);
    if (!next) return found;
    found = {
      ...next,
      separation: Math.max(found.separation, next.separation),
      endings: [...found.endings, ...next.endings],
      notes: [...found.notes, ...next.notes],
    };
  }
}

/** p of scores [1 − p, p], where that is what they are. */
function complementOf(graph: Graph, scores: Node): Node | undefined {
  if (scores.op !== 'concat' || scores.shape[1] !== 2) return undefined;
  const [first, second, ...others] = operandsOf(graph, scores);
  if (first?.op !== 'sub' || !second || others.length > 0) return undefined;
  const [one, p] = operandsOf(graph, first);
  const isOne = one?.op === 'constant' && one.attributes.tensor.data.every((v) => Number(v) === 1);
  return isOne && p?.id === second.id ? second : undefined;
}

/** A graph with more nodes behind its own; `build` has the copy of each node by its id. */
export function extended<T>(
  graph: Graph,
  build: (b: Builder, copyOf: (node: Node) => Node) => T,
): { readonly graph: Graph; readonly built: T } {
  const b = new Builder();
  const copies = replay(b, graph, new Map());
  const copyOf = (node: Node): Node => copies.get(node.id) ?? node;
  const built = build(b, copyOf);
  const outputs = graph.outputs.map(({ name, id }) => [name, copyOf(nodeAt(graph, id))] as const);
  return { graph: b.graph(Object.fromEntries(outputs)), built };
}

/** Logits [0, z] of a single z, [batch] or [batch, 1, …]. */
function besideZero(graph: Graph, z: Node): { graph: Graph; built: Node } {
  return extended(graph, (b, copyOf) => {
    const column = b.reshape(copyOf(z), [z.shape[0] ?? 1, 1]);
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

/** Reads an output of a graph as the scores of a classifier. Throws ModelError. */
export function headOf(graph: Graph, name: string, output: Node): Head {
  const width = output.shape.length > 2 ? 0 : counted(output.shape[1]);
  if (width === 0) {
    throw new ModelError(
      'unsupported',
      `output ${name} has shape [${output.shape.join(', ')}]; a classifier gives one score for each class, [batch, classes], or one for two classes`,
    );
  }
  const p = width === 2 ? complementOf(graph, output) : output;
  const inner = p && unshaped(graph, p);
  if (!p || width > 2 || (width === 2 && inner?.op !== 'sigmoid')) {
    return severalScores(graph, output);
  }
  const isProbability = inner?.op === 'sigmoid';
  const z = isProbability ? nodeAt(graph, inner.operands[0] ?? 0) : p;
  const { graph: whole, built } = besideZero(graph, z);
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
