/**
 * Copies a graph into a builder for a transform that needs a certain rule of every op: an op that
 * lacks the rule but states a lowering is replaced by it; one that has neither is a RuleMissing error.
 */
import { type Builder, copyNode } from '../graph/builder.ts';
import { ancestors, type Graph, type Node, type OpName } from '../graph/graph.ts';
import { type OpDefinition, RuleMissing } from '../graph/ops/definition.ts';
import { definitionOf } from '../graph/ops/table.ts';
import { trimmed, type UsedOnce } from './trimming.ts';

export type Rule = 'gradient' | 'range';

/** The table row of a node, for calls with that node's own attributes. */
export function rulesOf(node: Node): OpDefinition<OpName> {
  return definitionOf<OpName>(node.op);
}

/** Whether one use at most is made of a copied value. */
function usesIn(graph: Graph, copies: ReadonlyMap<number, Node>): UsedOnce {
  const uses = graph.nodes.map(() => 0);
  const count = (id: number): void => void (uses[id] = (uses[id] ?? 0) + 1);
  for (const { operands } of graph.nodes) operands.forEach(count);
  for (const { id } of graph.outputs) count(id);
  return (copy) => graph.nodes.every(({ id }) => copies.get(id) !== copy || (uses[id] ?? 0) <= 1);
}

/**
 * Copies the nodes of a graph, or those that the values with ids `wanted` need; `given` holds values for nodes that already have one
 * (typically the inputs). Returns the copies by the original's id.
 */
export function replayLowered(
  b: Builder,
  graph: Graph,
  given: ReadonlyMap<number, Node>,
  rules: readonly Rule[],
  wanted?: readonly number[],
): Map<number, Node> {
  const copies = new Map(given);
  const needed = wanted && ancestors(graph, wanted);
  const usedOnce = usesIn(graph, copies);
  for (const node of graph.nodes) {
    if (copies.has(node.id) || (needed && !needed[node.id])) continue;
    const definition = rulesOf(node);
    const lacks = rules.some((rule) => definition[rule] === undefined);
    if (definition.kind === 'source' || !lacks) {
      const operands = node.operands.flatMap((id) => copies.get(id) ?? []);
      const less = rules.includes('range')
        ? undefined
        : b.labelled(node.label, () => trimmed(b, node, operands, usedOnce));
      copies.set(node.id, less ?? copyNode(b, node, copies));
      continue;
    }
    if (!definition.lower) {
      throw new RuleMissing(rules.join(' or '), node, 'it is refused rather than skipped');
    }
    const operands = node.operands.map((id) => copies.get(id));
    const present = operands.filter((operand) => operand !== undefined);
    const lowered = b.labelled(node.label, () => definition.lower?.(b, node, present));
    if (lowered) copies.set(node.id, lowered);
  }
  return copies;
}
