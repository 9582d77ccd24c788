/** Part of a graph as a graph of its own: what some values need, where others are given. */
import type { Graph, Node } from './graph.ts';

/** Values by their names. */
export type Values = Readonly<Record<string, Node>>;

export interface Subgraph {
  readonly graph: Graph;
  /** Names of the inputs that it has: no others. */
  readonly inputs: readonly string[];
}

/**
 * The nodes that `outputs` need, without what only leads to values that `given` names: these become
 * inputs. `sized`: inputs that are kept in any case, since symbolic sizes are read off them.
 */
export function subgraph(
  nodes: readonly Node[],
  outputs: Values,
  given: (id: number) => string | undefined,
  sized: readonly Node[] = [],
): Subgraph {
  const needed = new Set([...Object.values(outputs), ...sized].map(({ id }) => id));
  for (let id = Math.max(-1, ...needed); id >= 0; id--) {
    const node = nodes[id];
    if (!node || !needed.has(id) || given(id) !== undefined) continue;
    for (const operand of node.operands) needed.add(operand);
  }
  const places = new Map<number, number>();
  const copies: Node[] = [];
  const inputs: string[] = [];
  const inputPlaces: number[] = [];
  for (const id of [...needed].sort((a, b) => a - b)) {
    const node = nodes[id];
    if (!node) throw new RangeError(`there is no node ${id}`);
    const copy = copied(node, places, copies.length, given(id));
    places.set(id, copy.id);
    copies.push(copy);
    if (copy.op !== 'input') continue;
    inputs.push(copy.attributes.name);
    inputPlaces.push(copy.id);
  }
  const named = Object.entries(outputs).map(([name, { id }]) => ({
    name,
    id: places.get(id) ?? -1,
  }));
  return { graph: { nodes: copies, inputs: inputPlaces, outputs: named }, inputs };
}

function copied(
  node: Node,
  places: ReadonlyMap<number, number>,
  id: number,
  given: string | undefined,
): Node {
  const { type, shape, label } = node;
  if (given !== undefined) {
    return { id, op: 'input', operands: [], attributes: { name: given }, label, type, shape };
  }
  const operands = node.operands.map((operand) => places.get(operand) ?? -1);
  return { ...node, id, operands };
}
