/**
 * Models of a single score: the logit or the probability of the second of two classes. Other single numbers
 * say how sure a model is, or what one of its scores is, and nothing that is said of them would be about
 * its answers: they are refused by what they are.
 */
import { type Graph, type Node, nodeAt, operandsOf } from '../graph/graph.ts';
import { ModelError } from '../onnx/model-error.ts';
import { columnOf } from './score-columns.ts';
import { unshaped } from './score-rules.ts';

/** Whether a value is 1 − p. */
function isComplement(graph: Graph, value: Node | undefined, p: Node): boolean {
  if (value?.op !== 'sub') return false;
  const [one, own] = operandsOf(graph, value);
  const isOne = one?.op === 'constant' && one.attributes.tensor.data.every((v) => Number(v) === 1);
  return isOne && own === p;
}

/** Both halves of a table of two columns that are put side by side. */
function halvesOf(graph: Graph, scores: Node): readonly [Node, Node] | undefined {
  if (scores.op !== 'concat' || scores.shape[1] !== 2) return undefined;
  const [first, second, ...others] = operandsOf(graph, scores);
  return first && second && others.length === 0 ? [first, second] : undefined;
}

/** p of scores [1 − p, p], where that is what they are. */
export function complementOf(graph: Graph, scores: Node): Node | undefined {
  const [first, second] = halvesOf(graph, scores) ?? [];
  return second && isComplement(graph, first, second) ? second : undefined;
}

/** s of scores [−s, s] or [1 − s, s]. */
function opposedIn(graph: Graph, scores: Node): Node | undefined {
  const [first, second] = halvesOf(graph, scores) ?? [];
  if (first?.op !== 'neg' || !second) return complementOf(graph, scores);
  return nodeAt(graph, first.operands[0] ?? 0) === second ? second : undefined;
}

/** Whether the second of two rows of weights is the first with the other sign, and so are their scores. */
function isOpposed(graph: Graph, scores: Node): boolean {
  const [x, shift] = operandsOf(graph, scores);
  if (scores.op === 'add') {
    return x?.op === 'matMul' && isOpposed(graph, x) && isAntisymmetric(shift, [0], [1]);
  }
  if (scores.op !== 'matMul' || shift?.shape.length !== 2) return false;
  const features = Number(shift.shape[scores.attributes.transB ? 1 : 0]);
  const along = Array.from({ length: features }, (_, i) => i);
  return scores.attributes.transB
    ? isAntisymmetric(
        shift,
        along,
        along.map((i) => features + i),
      )
    : isAntisymmetric(
        shift,
        along.map((i) => 2 * i),
        along.map((i) => 2 * i + 1),
      );
}

function isAntisymmetric(node: Node | undefined, first: number[], second: number[]): boolean {
  if (node?.op !== 'constant') return false;
  const { data } = node.attributes.tensor;
  return first.every((at, i) => Number(data[at]) === -Number(data[second[i] ?? 0]));
}

/** What a single output of a classifier is a score in: the score itself. Throws ModelError. */
export function singleScore(graph: Graph, name: string, output: Node): Node {
  const column = columnOf(graph, output);
  if (column) {
    const score = column.at === 1 ? opposedIn(graph, column.table) : undefined;
    if (score) return score;
    if (column.at === 1 && column.table.shape[1] === 2 && isOpposed(graph, column.table)) {
      return output;
    }
    const [, count] = column.table.shape;
    throw new ModelError(
      'unsupported',
      `output ${name} is one column, number ${column.at}, of a table of ${count} scores, which alone says nothing of the others: export all of them as one output`,
    );
  }
  if (!isConfidence(graph, unshaped(graph, output))) return output;
  throw new ModelError(
    'unsupported',
    `output ${name} is the greatest of several scores: it says how sure the model is, not of which class. Choose the model's label with --output, where it has one (the scores before it are used then), or export the scores`,
  );
}

/** The greatest score, or of p and 1 − p. */
function isConfidence(graph: Graph, value: Node): boolean {
  if (value.op === 'reduceMax' || value.op === 'topK') return true;
  if (value.op === 'slice' || value.op === 'gather') {
    return isConfidence(graph, nodeAt(graph, value.operands[0] ?? 0));
  }
  if (value.op !== 'max' && value.op !== 'where') return false;
  const [x, y] = operandsOf(graph, value).slice(-2);
  return (
    x !== undefined && y !== undefined && (isComplement(graph, x, y) || isComplement(graph, y, x))
  );
}
