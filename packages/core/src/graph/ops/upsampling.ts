/**
 * Every element repeated over a block, as transforms write it: a depthwise transposed convolution by
 * ones whose strides are its kernel, so that blocks do not overlap. It is the adjoint of a sum over
 * blocks, and ONNX Runtime computes it fastest as a nearest-neighbour Resize.
 */
import { floats, integers } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { ConvGeometry } from './convolutions.ts';
import type { Emitter } from './emitter.ts';

/** Channels of ONNX Runtime's blocked layout. */
const CHANNEL_BLOCK = 16;

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

function isUpsampling(g: ConvGeometry, w: Node): boolean {
  if (w.op !== 'constant' || w.type !== 'float32') return false;
  const [channels, perGroup, ...kernel] = w.shape;
  const { data } = w.attributes.tensor;
  return (
    g.groups === channels &&
    perGroup === 1 &&
    kernel.every((size, i) => size === g.strides[i]) &&
    [...g.padBefore, ...g.padAfter].every((pad) => pad === 0) &&
    g.dilations.every((dilation) => dilation === 1) &&
    data.every((weight: number | bigint) => weight === 1)
  );
}

/** The name of a transposed convolution's result where it is an upsampling; else undefined. */
export function transposeAsResize(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  if (!isUpsampling(g, w)) return;
  const cells = g.size.map((size, i) => Math.ceil(size / (g.strides[i] ?? 1)));
  const beyond = cells.map((count, i) => count - known(y.shape[i + 2] ?? 0, 'a spatial axis'));
  if (beyond.some((extra) => extra < 0)) return;
  const repeated = e.node(
    'Resize',
    [extended(e, y, beyond, g.groups), '', e.constant(floats([1, 1, ...g.strides]))],
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
 * The value with cells of zeros behind it. Where the channels fill blocks, by a convolution with 1,
 * which leaves it in the blocked layout: a Resize is ten times as fast there.
 */
function extended(e: Emitter, y: Node, beyond: readonly number[], channels: number): string {
  const none = beyond.map(() => 0);
  if (channels % CHANNEL_BLOCK === 0 && beyond.length === 2) {
    const one = floats(new Float32Array(channels).fill(1), [channels, 1, 1, 1]);
    return e.node('Conv', [e.nameOf(y), e.constant(one)], {
      pads: [...none, ...beyond],
      group: channels,
    });
  }
  if (beyond.every((extra) => extra === 0)) return e.nameOf(y);
  return e.node('Pad', [
    e.nameOf(y),
    e.constant(integers([...y.shape.map(() => 0), 0, 0, ...beyond])),
  ]);
}
