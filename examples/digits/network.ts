/** The digit classifier: two strided convolutions and two dense layers, 166,406 parameters. */
import { BATCH, Builder, type Graph, Layers, type Node } from '@glacis/core';

type Activation = (b: Builder, x: Node) => Node;

const relu: Activation = (b, x) => b.relu(x);

/**
 * Neighbours in order, the greater first (GroupSort, Anil et al. 2019): no list becomes shorter or longer, and
 * no two come farther apart.
 */
export const sortedPairs: Activation = (b, x) => {
  const [, channels = 0, ...rest] = x.shape.map(Number);
  const pairs = b.reshape(x, [BATCH, channels / 2, 2, ...rest]);
  return b.reshape(b.push('topK', [pairs], { axis: 2, k: 2 }), x.shape);
};

/** Input `image` [batch, 1, 28, 28] in 0…1, output `logits` [batch, 10]; weights drawn by the seed. */
export function digitsNetwork(seed: number, activation = relu): Graph {
  const b = new Builder();
  const layers = new Layers(b, seed);
  const kernel = { size: 4, stride: 2, pad: 1 };
  const image = b.input('image', [BATCH, 1, 28, 28]);
  const edges = activation(b, layers.convolution(image, 16, kernel));
  const strokes = activation(b, layers.convolution(edges, 32, kernel));
  const flat = b.reshape(strokes, [BATCH, 32 * 7 * 7]);
  const hidden = activation(b, layers.dense(flat, 100));
  return b.graph({ logits: layers.dense(hidden, 10) });
}
