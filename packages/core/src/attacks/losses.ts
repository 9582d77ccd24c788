/**
 * What an attack climbs. Each loss is a graph over logits [batch, classes] and one-hot labels of the
 * same shape, one number a row, larger meaning closer to broken.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import { marginOf } from '../transforms/margin.ts';

export type LossName = 'margin' | 'cross-entropy';
export type Loss = (b: Builder, logits: Node, oneHot: Node) => Node;

/** log Σ e^z − z_label for each row, shifted so that nothing overflows: [batch]. */
export function crossEntropy(b: Builder, logits: Node, oneHot: Node): Node {
  const most = b.maximum(logits, [1], true);
  const shifted = b.sub(logits, most);
  const normaliser = b.log(b.sum(b.exp(shifted), [1]));
  return b.sub(normaliser, b.sum(b.mul(shifted, oneHot), [1]));
}

export const losses: Readonly<Record<LossName, Loss>> = {
  margin: (b, logits, oneHot) => b.neg(marginOf(b, logits, oneHot)),
  'cross-entropy': crossEntropy,
};
