/** Parameters as inputs: the same network, with what training changes fed from outside. */
import { Builder, replay } from '../graph/builder.ts';
import { type Graph, inputNodes, type Node } from '../graph/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface OpenParameters {
  readonly graph: Graph;
  /** Initial values by input name, in the order of the file. */
  readonly parameters: ReadonlyMap<string, Tensor>;
}

/** Turns every float32 parameter into a graph input of its name (made unique where it must be). */
export function openParameters(graph: Graph): OpenParameters {
  const b = new Builder();
  const taken = new Set<string>();
  for (const node of inputNodes(graph)) taken.add(node.attributes.name);
  const parameters = new Map<string, Tensor>();
  const given = new Map<number, Node>();
  for (const node of graph.nodes) {
    if (node.op !== 'constant' || node.attributes.parameter !== true) continue;
    let name = node.attributes.name ?? `parameter${node.id}`;
    while (taken.has(name)) name = `${name}_`;
    taken.add(name);
    parameters.set(name, node.attributes.tensor);
    given.set(node.id, b.input(name, node.shape, node.type));
  }
  return { graph: copyOf(b, graph, given), parameters };
}

/** The inverse: a network whose parameters are constants again, with the given values by name. */
export function closeParameters(
  { graph, parameters }: OpenParameters,
  values: Readonly<Record<string, Tensor>>,
): Graph {
  const b = new Builder();
  const given = new Map<number, Node>();
  for (const node of inputNodes(graph)) {
    const { name } = node.attributes;
    if (!parameters.has(name)) continue;
    const value = values[name];
    if (!value) throw new RangeError(`parameter ${name} has no value`);
    given.set(node.id, b.constant(value, name, true));
  }
  return copyOf(b, graph, given);
}

function copyOf(b: Builder, graph: Graph, given: ReadonlyMap<number, Node>): Graph {
  const copies = replay(b, graph, given);
  const outputs = graph.outputs.map(({ name, id }) => {
    const copy = copies.get(id);
    if (!copy) throw new RangeError('the graph was not copied whole');
    return [name, copy] as const;
  });
  return b.graph(Object.fromEntries(outputs));
}
