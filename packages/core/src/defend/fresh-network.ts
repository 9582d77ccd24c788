/**
 * A small untrained classifier for inputs of a given shape: two dense hidden layers for vectors; for
 * images two strided convolutions and a dense layer. What a surrogate is distilled into.
 */
import { Builder } from '../graph/builder.ts';
import { BATCH } from '../graph/dimension.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { Layers } from './layers.ts';

export interface FreshNetwork {
  /** Shape of one sample; three axes are channels, height and width. */
  readonly sampleShape: readonly number[];
  readonly classes: number;
  readonly seed: number;
  /** Values of the dense hidden layers; channels of the convolutions are 16 and 32. */
  readonly width?: number;
  /** Taken off each feature, and what it is divided by then: statistics of the data, [1] or of a sample's shape. */
  readonly scale?: { readonly mean: ArrayLike<number>; readonly deviation: ArrayLike<number> };
}

/** Images of fewer pixels along a side are taken as vectors: two strides would leave nothing. */
const LEAST_SIDE = 8;

/** Input `input` [batch, …sampleShape], output `logits` [batch, classes]. */
export function freshNetwork(options: FreshNetwork): Graph {
  const { sampleShape, classes, seed, width = 100, scale } = options;
  const b = new Builder();
  const layers = new Layers(b, seed);
  const input = b.input('input', [BATCH, ...sampleShape]);
  const isImage = sampleShape.length === 3 && sampleShape.slice(1).every((n) => n >= LEAST_SIDE);
  const features = isImage
    ? strokes(b, layers, scale ? standardised(b, input, scale) : input)
    : b.relu(layers.dense(flat(b, scale ? standardised(b, input, scale) : input), width));
  const hidden = b.relu(layers.dense(flat(b, features), width));
  return b.graph({ logits: layers.dense(hidden, classes) });
}

function strokes(b: Builder, layers: Layers, image: Node): Node {
  const kernel = { size: 4, stride: 2, pad: 1 };
  return b.relu(layers.convolution(b.relu(layers.convolution(image, 16, kernel)), 32, kernel));
}

function flat(b: Builder, value: Node): Node {
  return b.reshape(value, [BATCH, sizeOf(value.shape.slice(1).map(Number))]);
}

function standardised(
  b: Builder,
  input: Node,
  { mean, deviation }: NonNullable<FreshNetwork['scale']>,
): Node {
  const sample = input.shape.slice(1).map(Number);
  const shape = (values: ArrayLike<number>): number[] =>
    values.length === 1 ? [1] : [1, ...sample];
  const centred = b.sub(input, b.floats(mean, shape(mean)));
  return b.div(centred, b.floats(deviation, shape(deviation)));
}
