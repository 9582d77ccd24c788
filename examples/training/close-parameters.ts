/** The inverse of openParameters: a network whose parameters are constants again, with new values. */
import { type Graph, type OpenParameters, type Tensor, Builder, replayLowered } from '@glacis/core';

/** @param values by name; each parameter of the network has one, of its shape. */
export function closeParameters(
  { graph, parameters }: OpenParameters,
  values: Readonly<Record<string, Tensor>>,
): Graph {
  const b = new Builder();
  const given = new Map(
    graph.nodes.flatMap((node) => {
      if (node.op !== 'input' || !parameters.has(node.attributes.name)) return [];
      const { name } = node.attributes;
      const value = values[name];
      if (!value) throw new RangeError(`parameter ${name} has no value`);
      return [[node.id, b.constant(value, name, true)] as const];
    }),
  );
  const copies = replayLowered(b, graph, given, []);
  const outputs = graph.outputs.map(({ name, id }) => {
    const copy = copies.get(id);
    if (!copy) throw new RangeError('the network was not copied whole');
    return [name, copy] as const;
  });
  return b.graph(Object.fromEntries(outputs));
}
