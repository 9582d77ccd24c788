/** The digit classifier: two strided convolutions and two dense layers, 166,406 parameters. */
import { BATCH, Builder, type Graph, Layers } from '@glacis/core';

/** Input `image` [batch, 1, 28, 28] in 0…1, output `logits` [batch, 10]; weights drawn by the seed. */
export function digitsNetwork(seed: number): Graph {
  const b = new Builder();
  const layers = new Layers(b, seed);
  const kernel = { size: 4, stride: 2, pad: 1 };
  const image = b.input('image', [BATCH, 1, 28, 28]);
  const edges = b.relu(layers.convolution(image, 16, kernel));
  const strokes = b.relu(layers.convolution(edges, 32, kernel));
  const flat = b.reshape(strokes, [BATCH, 32 * 7 * 7]);
  const hidden = b.relu(layers.dense(flat, 100));
  return b.graph({ logits: layers.dense(hidden, 10) });
}
