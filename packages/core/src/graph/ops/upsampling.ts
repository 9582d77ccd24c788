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
  const repeated = e.node('Resize', [e.nameOf(y), '', e.constant(floats([1, 1, ...g.strides]))], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
  const rest = g.size.map((size, i) => {
    return size - known(y.shape[i + 2] ?? 0, 'a spatial axis') * (g.strides[i] ?? 1);
  });
  if (rest.every((extra) => extra === 0)) return repeated;
  if (rest.some((extra) => extra < 0)) return;
  const pads = [...y.shape.map(() => 0), 0, 0, ...rest];
  return e.node('Pad', [repeated, e.constant(integers(pads))]);
}
