/**
 * What a classifier's last operations make of its logits, by small rules that are applied from the output
 * backwards: softmax, sigmoids, a division by the row's sum.
 */
import type { Dimension } from '../graph/dimension.ts';
import { type Graph, type Node, nodeAt, operandsOf } from '../graph/graph.ts';

/**
 * Softmax, sigmoid and a division by the row's sum round to at most a few units of 2⁻²³ near a tie; logits
 * this far apart still differ then.
 */
export const SEPARATION = 2 ** -18;

/** What a file makes of its logits. */
export type Ending = 'softmax' | 'log-softmax' | 'sigmoids' | 'shares';

export interface Found {
  readonly search: Node;
  readonly proven: Node;
  readonly separation: number;
  /** Outermost first. */
  readonly endings: readonly Ending[];
  readonly notes: readonly string[];
}

/** One step backwards; undefined where the rule does not apply. */
type Rule = (graph: Graph, found: Found) => Found | undefined;

/** A value that only gives another shape to the same rows. */
export function unshaped(graph: Graph, node: Node): Node {
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

const isNumber = (node: Node | undefined, test: (value: number) => boolean): boolean =>
  node?.op === 'constant' &&
  node.attributes.tensor.data.length === 1 &&
  test(Number(node.attributes.tensor.data[0]));

/** Whether a divisor is positive: a length that is not 0, else 1; or at least a positive number. */
function isPositive(graph: Graph, divisor: Node): boolean {
  const operands = operandsOf(graph, divisor);
  if (divisor.op === 'max') return operands.some((node) => isNumber(node, (least) => least > 0));
  if (divisor.op !== 'where') return false;
  const [some, length, otherwise] = operands;
  if (some?.op !== 'greater' || !isNumber(otherwise, (value) => value > 0)) return false;
  const [compared, zero] = operandsOf(graph, some);
  return compared === length && isNumber(zero, (value) => value === 0);
}

/** A quotient, or what is the same in all columns where the quotient's divisor would be 0. */
function quotientIn(graph: Graph, scores: Node): Node {
  const [mask, quotient, other] = scores.op === 'where' ? operandsOf(graph, scores) : [];
  const alike = other && (other.shape[1] === 1 || isNumber(other, () => true));
  return mask?.shape[1] === 1 && quotient && alike ? quotient : scores;
}

/**
 * Probabilities divided by a positive number of their row, as scikit-learn's Normalizer does. (Larger
 * scores could tie by the division's rounding.)
 */
const scaledRows: Rule = (graph, found) => {
  const { search, proven } = found;
  const quotient = quotientIn(graph, search);
  if (search !== proven || quotient.op !== 'div') return undefined;
  const [scores, divisor] = operandsOf(graph, quotient);
  if (!divisor || divisor.shape[1] !== 1 || !isPositive(graph, divisor)) return undefined;
  if (scores?.op !== 'sigmoid' && scores?.op !== 'softmax') return undefined;
  const notes = [
    'The model ends in scores divided by their sum: those before the division are used.',
  ];
  const own = { search: scores, proven: scores, separation: SEPARATION };
  return { ...own, endings: ['shares'], notes };
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

/** From an output back to the logits, as far as the rules lead. */
export function backwards(graph: Graph, output: Node): Found {
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
