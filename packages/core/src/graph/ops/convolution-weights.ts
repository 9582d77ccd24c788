/** How the adjoint of a convolution in its weights is written: convolutions over the batch. */
import { integers } from '../../tensor/tensor.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { ConvGeometry } from './convolutions.ts';
import type { Emitter } from './emitter.ts';

/** One group's weight gradient: a convolution over the batch, stride and dilation exchanged. */
function groupWeights(
  e: Emitter,
  g: ConvGeometry & { size: readonly number[] },
  x: string,
  y: string,
  rank: number,
): string {
  const perm = [1, 0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2)];
  const swap = (name: string): string => e.node('Transpose', [name], { perm });
  const raw = e.node('Conv', [swap(x), swap(y)], {
    strides: g.dilations,
    pads: [...g.padBefore, ...g.padAfter],
    dilations: g.strides,
    group: 1,
  });
  const axes = g.size.map((_, i) => i + 2);
  const cut = e.node('Slice', [
    raw,
    e.constant(integers(g.size.map(() => 0))),
    e.constant(integers(g.size)),
    e.constant(integers(axes)),
  ]);
  return swap(cut);
}

function channelGroups(e: Emitter, node: Node, groups: number): string[] {
  if (groups === 1) return [e.nameOf(node)];
  const width = known(node.shape[1] ?? 0, 'channels') / groups;
  return Array.from({ length: groups }, (_, i) =>
    e.node('Slice', [
      e.nameOf(node),
      e.constant(integers([i * width])),
      e.constant(integers([(i + 1) * width])),
      e.constant(integers([1])),
    ]),
  );
}

/** Of all groups: [outputs, channels of a group, …size]. */
export function emitWeights(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  x: Node,
  y: Node,
): string {
  const parts = channelGroups(e, x, g.groups);
  const cotangents = channelGroups(e, y, g.groups);
  const gradients = parts.map((part, i) =>
    groupWeights(e, g, part, cotangents[i] ?? '', x.shape.length),
  );
  const [single] = gradients;
  return gradients.length === 1 && single !== undefined
    ? single
    : e.node('Concat', gradients, { axis: 0 });
}
