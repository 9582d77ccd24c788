/** The loss that classifiers are trained on: mean cross-entropy of softmax(logits), as a graph. */
import type { Builder, Node } from '@glacis/core';

/**
 * Mean over the batch of log Σ e^z − z_label: a scalar. Logits are shifted by their maximum, so that
 * nothing overflows.
 * @param logits [batch, classes]
 * @param oneHot the labels' rows, of the same shape
 * @param batch the number of rows
 */
export function crossEntropy(b: Builder, logits: Node, oneHot: Node, batch: number): Node {
  const shifted = b.sub(logits, b.maximum(logits, [1], true));
  const normaliser = b.log(b.sum(b.exp(shifted), [1]));
  const losses = b.sub(normaliser, b.sum(b.mul(shifted, oneHot), [1]));
  return b.mul(b.sum(losses, [0]), 1 / batch);
}
