/** log Σ e^z of each row, shifted so that nothing overflows. */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';

/** [batch, classes] → [batch]. */
export function logSumExp(b: Builder, z: Node): Node {
  const most = b.maximum(z, [1], true);
  const shifted = b.log(b.sum(b.exp(b.sub(z, most)), [1]));
  return b.add(b.reshape(most, shifted.shape), shifted);
}
