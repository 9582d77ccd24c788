/**
 * Every element repeated over a block, as transforms write it: a depthwise transposed convolution by
 * ones whose strides are its kernel, so that blocks do not overlap. It is the adjoint of a sum over
 * blocks. Where that is no matrix product (block-products), it is a nearest-neighbour Resize.
 */
import { floats, integers } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { blockWeight, CHANNEL_BLOCK } from './block-products.ts';
import type { ConvGeometry } from './convolutions.ts';
import type { Emitter } from './emitter.ts';

interface Blocks {
  readonly geometry: ConvGeometry;
  readonly ones: Node;
}

/** Blocks of a size in tensors of some channels. */
function blocksOf(b: Builder, channels: number, block: readonly number[]): Blocks {
  const count = block.reduce((product, size) => product * size, channels);
  const none = block.map(() => 0);
  return {
    geometry: {
      strides: block,
      padBefore: none,
      padAfter: none,
      dilations: block.map(() => 1),
      groups: channels,
    },
    ones: b.floats(new Float32Array(count).fill(1), [channels, 1, ...block]),
  };
}

/** [batch, C, q…] → [batch, C, size…]; what no block reaches is zero. */
export function upsampled(
  b: Builder,
  value: Node,
  block: readonly number[],
  size: readonly number[],
): Node {
  const { geometry, ones } = blocksOf(b, known(value.shape[1] ?? 1, 'channels'), block);
  return b.push('convTranspose', [value, ones], { ...geometry, size });
}

/** [batch, C, size…] → [batch, C, q…]: the sums over whole blocks. */
export function blockSums(b: Builder, value: Node, block: readonly number[]): Node {
  const { geometry, ones } = blocksOf(b, known(value.shape[1] ?? 1, 'channels'), block);
  return b.push('conv', [value, ones], geometry);
}

/** The name of a transposed convolution's result where it is an upsampling; else undefined. */
export function transposeAsResize(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  const weight = blockWeight(g, w);
  if (weight === undefined) return;
  const cells = g.size.map((size, i) => Math.ceil(size / (g.strides[i] ?? 1)));
  const beyond = cells.map((count, i) => count - known(y.shape[i + 2] ?? 0, 'a spatial axis'));
  if (beyond.some((extra) => extra < 0)) return;
  const repeated = e.node(
    'Resize',
    [extended(e, y, weight, beyond), '', e.constant(floats([1, 1, ...g.strides]))],
    {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    },
  );
  if (cells.every((count, i) => count * (g.strides[i] ?? 1) === g.size[i])) return repeated;
  return e.node('Slice', [
    repeated,
    e.constant(integers(g.size.map(() => 0))),
    e.constant(integers(g.size)),
    e.constant(integers(g.size.map((_, i) => i + 2))),
  ]);
}

/**
 * The value times the weight with cells of zeros behind it. Where the channels fill blocks, by a convolution, which
 * leaves it in the blocked layout: a Resize is ten times as fast there.
 */
function extended(e: Emitter, y: Node, weight: number, beyond: readonly number[]): string {
  const none = beyond.map(() => 0);
  const channels = known(y.shape[1] ?? 1, 'channels');
  if (channels % CHANNEL_BLOCK === 0 && beyond.length === 2) {
    const weights = floats(new Float32Array(channels).fill(weight), [channels, 1, 1, 1]);
    return e.node('Conv', [e.nameOf(y), e.constant(weights)], {
      pads: [...none, ...beyond],
      group: channels,
    });
  }
  const scaled =
    weight === 1 ? e.nameOf(y) : e.node('Mul', [e.nameOf(y), e.constant(floats([weight], []))]);
  if (beyond.every((extra) => extra === 0)) return scaled;
  return e.node('Pad', [scaled, e.constant(integers([...y.shape.map(() => 0), 0, 0, ...beyond]))]);
}
