/**
 * Shapes of layers that write an output: what the lowering makes nothing of (the Identity before an
 * output) and what could not be read still has the shape of the output it is named for.
 */
import { type FileOutline, type Layer, type Model, nodeAt } from '@glacis/core';

type Shape = NonNullable<Layer['shape']>;

/** The layers; those that name an output have its shape, read or declared, where theirs is not known. */
export function withOutputShapes(
  { layers, outputs }: FileOutline,
  model: Model | null,
): readonly Layer[] {
  const shapes = new Map<string, Shape>();
  const put = (name: string, shape: Shape): void => {
    shapes.set(name, shape);
    // What a node is called that writes an output of a derived graph.
    shapes.set(`output ${name}`, shape);
  };
  for (const { name, shape } of outputs) if (isDeclared(shape)) put(name, shape);
  for (const { name, id } of model?.graph.outputs ?? []) {
    if (model) put(name, nodeAt(model.graph, id).shape);
  }
  return layers.map((layer) =>
    layer.shape === null ? { ...layer, shape: shapes.get(layer.name) ?? null } : layer,
  );
}

/** Sizes that the file leaves open are called unknown0, unknown1, … */
function isDeclared(shape: Shape): boolean {
  return !shape.some((size) => /^unknown\d+$/.test(String(size)));
}
