/** The smallest network that tells the moons apart with a bent boundary: 2–32–32–2. */
import { BATCH, Builder, type Graph, Layers } from '@glacis/core';

/** Input `point` [batch, 2], output `logits` [batch, 2]. */
export function moonsNetwork(seed: number): Graph {
  const b = new Builder();
  const layers = new Layers(b, seed);
  const point = b.input('point', [BATCH, 2]);
  const first = b.relu(layers.dense(point, 32));
  const second = b.relu(layers.dense(first, 32));
  return b.graph({ logits: layers.dense(second, 2) });
}
