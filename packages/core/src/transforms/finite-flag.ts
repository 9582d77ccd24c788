/** The flag without which a bound says nothing: whether every value inside was finite. */
import type { Builder } from '../graph/builder.ts';
import { divide, type Dimension, elementCount } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';

/**
 * Ends below this keep every sum of the network, in any order, from overflowing: ends are at least
 * 2·γ·Σ|terms| apart, and γ ≥ 2⁻²¹, so that Σ|terms| < 2¹²⁷.
 */
const OVERFLOWING = 2 ** 107;

/** Values of so few numbers a row are laid side by side and summed at once: a copy costs less than a node. */
const MOST_JOINED = 4096;

/**
 * 1 for rows where every watched value is finite and small enough, else 0: [batch]. Σ|v| < OVERFLOWING holds
 * only if every v is finite; sums and |·| let no NaN escape, unlike ReduceMax, MaxPool, Where or
 * comparisons. A value whose rows do not lie one behind the other speaks for all rows. `poisoned`: a weight
 * is no finite number, which an op may swallow.
 */
export function finiteFlag(
  b: Builder,
  watched: Iterable<Node>,
  batch: Dimension,
  poisoned: boolean,
): Node {
  const [together, sums]: [Node[], Node[]] = [[], []];
  for (const node of watched) {
    const [first = 1] = node.shape;
    const perRow = divide(elementCount(node.shape), batch);
    if (perRow === undefined || divide(first, batch) === undefined) {
      sums.push(b.reshape(sumAll(b, b.abs(node)), [1]));
    } else if (typeof perRow === 'number' && perRow <= MOST_JOINED) {
      together.push(b.reshape(node, [batch, perRow]));
    } else {
      sums.push(b.sum(b.reshape(b.abs(node), [batch, perRow]), [1]));
    }
  }
  if (together.length > 0) sums.push(b.sum(b.abs(b.concat(together, 1)), [1]));
  const start = b.scalar(poisoned ? Infinity : 0);
  const total = sums.reduce((sum, part) => b.add(sum, part), start);
  return b.greater(OVERFLOWING, b.expand(total, [batch]));
}

function sumAll(b: Builder, value: Node): Node {
  return b.sum(
    value,
    value.shape.map((_, i) => i),
  );
}
