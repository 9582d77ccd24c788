/**
 * Models whose one output is their decision: a comparison, or a number rounded to 0 or 1. The answer has no
 * slope and no margin; what is compared has both.
 */
import type { Builder } from '../graph/builder.ts';
import { type Graph, type Node, nodeAt, operandsOf } from '../graph/graph.ts';
import { SEPARATION, unshaped } from './score-rules.ts';

/** Builds a value over copies of a graph's nodes. */
export type Build = (b: Builder, copyOf: (node: Node) => Node) => Node;

export interface Lead {
  /** Positive where the answer is 1, negative where it is 0; at 0 it is either. */
  readonly margin: Build;
  /** Which answers mean class 1: those above it. */
  readonly threshold: number;
  /** A margin of this much is one in the file's own, rounded comparison. */
  readonly separation: number;
}

const HALF = 0.5;

const numberIn = (node: Node): number | undefined =>
  node.op === 'constant' && node.attributes.tensor.data.length === 1
    ? Number(node.attributes.tensor.data[0])
    : undefined;

/** What leads to the answer 1; undefined where the output is no decision. */
export function leadOf(graph: Graph, output: Node): Lead | undefined {
  const last = unshaped(graph, output);
  const [x] = operandsOf(graph, last);
  if (x && last.op === 'sign')
    return { margin: (_, copyOf) => copyOf(x), threshold: 0, separation: 0 };
  // A probability rounded to the nearest whole number.
  if (x?.op === 'sigmoid' && last.op === 'round') {
    return { margin: half(graph, x), threshold: HALF, separation: SEPARATION };
  }
  const margin = marginOf(graph, last);
  return margin && { margin, threshold: HALF, separation: SEPARATION };
}

/** The logit of a probability that is held to ½. */
function half(graph: Graph, sigmoid: Node): Build {
  const logit = nodeAt(graph, sigmoid.operands[0] ?? 0);
  return (_, copyOf) => copyOf(logit);
}

function marginOf(graph: Graph, mask: Node): Build | undefined {
  const inner = unshaped(graph, mask);
  const [x, y, z] = operandsOf(graph, inner);
  if (!x) return undefined;
  if (inner.op === 'step') return (_, copyOf) => copyOf(x);
  if (!y) return undefined;
  if (inner.op === 'greater' || inner.op === 'greaterOrEqual') {
    return differenceOf(graph, x, y, inner.op === 'greaterOrEqual');
  }
  if (inner.op === 'min' || inner.op === 'max') {
    const [first, second] = [marginOf(graph, x), marginOf(graph, y)];
    const join = inner.op;
    return first && second && ((b, copyOf) => b[join](first(b, copyOf), second(b, copyOf)));
  }
  if (inner.op !== 'where') return undefined;
  const margin = marginOf(graph, x);
  const [chosen, otherwise] = [numberIn(y), z && numberIn(z)];
  if (margin && chosen === 1 && otherwise === 0) return margin;
  return margin && chosen === 0 && otherwise === 1 ? opposite(margin) : undefined;
}

const opposite =
  (margin: Build): Build =>
  (b, copyOf) =>
    b.neg(margin(b, copyOf));

/** x − y, whose sign float32 has exactly; of a mask beside a number, that of the mask. */
function differenceOf(graph: Graph, x: Node, y: Node, orEqual: boolean): Build | undefined {
  if (isMask(graph, x)) return aboveNumber(graph, x, y, orEqual);
  if (isMask(graph, y)) {
    // x > y is not y ≥ x.
    const margin = aboveNumber(graph, y, x, !orEqual);
    return margin && opposite(margin);
  }
  const [first, second] = [unshaped(graph, x), unshaped(graph, y)];
  if (numberIn(y) === HALF && first.op === 'sigmoid') return half(graph, first);
  if (numberIn(x) === HALF && second.op === 'sigmoid') return opposite(half(graph, second));
  return (b, copyOf) => b.sub(copyOf(x), copyOf(y));
}

/** Whether a mask is above a number that lies between 0 and 1, or at it. */
function aboveNumber(graph: Graph, mask: Node, other: Node, orEqual: boolean): Build | undefined {
  const number = numberIn(other) ?? Number.NaN;
  const tells = orEqual ? number > 0 && number <= 1 : number >= 0 && number < 1;
  return tells ? marginOf(graph, mask) : undefined;
}

const comparisons: ReadonlySet<string> = new Set([
  'greater',
  'greaterOrEqual',
  'equal',
  'step',
  'sign',
]);
const rounded: ReadonlySet<string> = new Set(['floor', 'ceil', 'round']);

/** Whether an output of one column holds nothing but answers: a truth value, or a whole number. */
export function isHard(graph: Graph, output: Node): boolean {
  const last = unshaped(graph, output);
  return isMask(graph, last) || rounded.has(last.op);
}

/** Whether a value is 1 where something holds and 0 elsewhere, or one of two numbers. */
export function isMask(graph: Graph, node: Node): boolean {
  const inner = unshaped(graph, node);
  if (comparisons.has(inner.op)) return true;
  const operands = operandsOf(graph, inner);
  if (inner.op === 'where') return operands.slice(1).every(({ op }) => op === 'constant');
  const joins = inner.op === 'min' || inner.op === 'max' || inner.op === 'mul';
  return joins && operands.every((operand) => isMask(graph, operand));
}
