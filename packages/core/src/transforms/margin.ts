/** The margin of a classifier's answer as a graph: what attacks push down and proofs hold up. */
import type { Builder } from '../graph/builder.ts';
import { known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';

/** Below every logit: takes the label's own entry out of a maximum. */
export const FAR = -3e38;

/** One-hot rows of labels [batch] (int32). */
export function oneHotRows(b: Builder, labels: Node, classes: number): Node {
  const codes = Int32Array.from({ length: classes }, (_, k) => k);
  const row = b.constant({ type: 'int32', shape: [1, classes], data: codes });
  return b.equal(b.perRow(labels, 2), row);
}

/** z_label − max other z: positive while the answer is right, 0 at a tie. */
export function marginOf(b: Builder, logits: Node, oneHot: Node): Node {
  const own = b.sum(b.mul(logits, oneHot), [1]);
  const rival = b.maximum(b.where(oneHot, FAR, logits), [1]);
  return b.sub(own, rival);
}

/**
 * What gradientOf differentiates: the margin of class `label`, or, without one, of each row's entry
 * in an int32 input `labels` [batch] that is added to the graph.
 */
export function margin(label?: number): (b: Builder, logits: Node) => Node {
  return (b, logits) => {
    const classes = known(logits.shape[1] ?? 1, 'the classes');
    const batch = logits.shape[0] ?? 1;
    const labels =
      label === undefined
        ? b.input('labels', [batch], 'int32')
        : b.constant({ type: 'int32', shape: [1], data: Int32Array.of(label) });
    return marginOf(b, logits, oneHotRows(b, labels, classes));
  };
}
