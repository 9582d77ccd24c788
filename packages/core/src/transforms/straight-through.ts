/**
 * Where a straight-through search passes a step (Bengio et al. 2013). A truth value beside constants carries what
 * the network goes on with, and its surrogate stands for it; one that switches a value which depends on the input
 * itself, as a ReLU's mask does, is a gate: the slope is that value's, and through the gate there is none.
 */
import { dependents, type Graph, inputNamed, type Node, operandsOf } from '../graph/graph.ts';
import { rulesOf } from './lowering.ts';

const comparisons: ReadonlySet<string> = new Set(['step', 'greater', 'greaterOrEqual', 'equal']);
const joins: ReadonlySet<string> = new Set(['min', 'max', 'mul']);
const moves: ReadonlySet<string> = new Set(['reshape', 'transpose', 'expand', 'slice', 'concat']);

/** Whether a value is 1 where something holds and 0 elsewhere. */
function isTruth(graph: Graph, node: Node): boolean {
  if (comparisons.has(node.op)) return true;
  if (!joins.has(node.op) && !moves.has(node.op)) return false;
  return operandsOf(graph, node).every((operand) => isTruth(graph, operand));
}

/** Whether an operand of a node switches another that depends on the input too. */
export function isGate(
  graph: Graph,
  node: Node,
  at: number,
  perturbed: readonly boolean[],
): boolean {
  const operands = operandsOf(graph, node);
  const others = operands.filter((each, i) => i !== at && perturbed[each.id]);
  if (others.length === 0) return false;
  if (node.op === 'where') return at === 0;
  const own = operands[at];
  // A product of truth values is their conjunction.
  if (node.op !== 'mul' || !own || !isTruth(graph, own)) return false;
  return !others.every((each) => isTruth(graph, each));
}

/** The steps of a graph that depend on an input and that a straight-through search passes. */
export function passedSteps(graph: Graph, input: string): Node[] {
  const perturbed = dependents(graph, [inputNamed(graph, input).id]);
  const isLive = graph.nodes.map(() => false);
  for (const { id } of graph.outputs) isLive[id] = true;
  for (const node of graph.nodes.toReversed()) {
    if (!isLive[node.id]) continue;
    node.operands.forEach((id, i) => {
      if (perturbed[id] && !isGate(graph, node, i, perturbed)) isLive[id] = true;
    });
  }
  return graph.nodes.filter((node) => {
    const definition = rulesOf(node);
    const isPassed = definition.kind === 'step' && definition.surrogate !== undefined;
    return isPassed && isLive[node.id] && perturbed[node.id];
  });
}
