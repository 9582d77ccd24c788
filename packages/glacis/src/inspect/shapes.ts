/**
 * Shapes of layers that only hand a value on, such as the Identity before an output: the lowering
 * makes nothing of them, but the output they are named for has a shape.
 */
import { type Layer, type Model, nodeAt } from '@glacis/core';

/** The layers, those that name an output having its shape where theirs is not known. */
export function withOutputShapes(layers: readonly Layer[], model: Model | null): readonly Layer[] {
  if (!model) return layers;
  const { graph } = model;
  const shapes = new Map(
    graph.outputs.flatMap(({ name, id }) => {
      const { shape } = nodeAt(graph, id);
      // The second is what a node is called that writes an output of a derived graph.
      return [[name, shape] as const, [`output ${name}`, shape] as const];
    }),
  );
  return layers.map((layer) =>
    layer.shape === null ? { ...layer, shape: shapes.get(layer.name) ?? null } : layer,
  );
}
