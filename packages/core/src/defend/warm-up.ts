/**
 * What keeps training on interval bounds in balance while its radius rises (Shi et al. 2021, section 4.2): layers
 * must not widen intervals much, and of the values that a hinge takes as many must be active over the whole set as
 * inactive, lest units die while bounds are loose.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { Bounds } from '../graph/ops/definition.ts';
import type { Bounded } from './bounded.ts';

/** τ: the least share that is asked for. */
const TOLERANCE = 0.5;
const SMALLEST = 1e-12;

/** Standard deviation of the normal weights with which intervals keep their width: √(2π)/fan-in. */
export function keepingWidth(fanIn: number): number {
  return Math.sqrt(2 * Math.PI) / fanIn;
}

/**
 * (1/(τ·m)) Σ over the m values that something bends, of max(0, τ − mean input width / mean width) and, before
 * hinges, of max(0, τ − min(r, 1/r)) for the ratios r of active to inactive values, in their means and in their
 * spreads: a scalar, 0 where nothing bends.
 */
export function imbalance(b: Builder, { propagation, logits, box }: Bounded): Node {
  const stops = propagation.stops(logits);
  const entrance = meanOf(b, widthOf(b, box));
  const losses = stops.flatMap(({ node, hinges }) => {
    const bounds = propagation.boundsOf(node);
    const width = b.max(meanOf(b, widthOf(b, bounds)), SMALLEST);
    const shares = [b.div(entrance, width), ...(hinges ? balances(b, bounds) : [])];
    return shares.map((share) => b.relu(b.sub(TOLERANCE, share)));
  });
  const total = losses.reduce((sum, loss) => b.add(sum, loss), b.scalar(0));
  return b.div(total, TOLERANCE * Math.max(1, stops.length));
}

/** The lesser of active and inactive values over the greater: of their centres' sizes, and of their spreads. */
function balances(b: Builder, { lower, upper }: Bounds): Node[] {
  const centre = b.mul(b.add(lower, upper), 0.5);
  const active = b.step(lower);
  const inactive = b.step(b.neg(upper));
  const away = b.sub(centre, meanOf(b, centre));
  const squares = b.mul(away, away);
  const sizes = [b.mul(centre, active), b.neg(b.mul(centre, inactive))] as const;
  const spreads = [b.mul(squares, active), b.mul(squares, inactive)] as const;
  return [sizes, spreads].map(([above, below]) => {
    const [first, second] = [meanOf(b, above), meanOf(b, below)];
    return b.div(b.min(first, second), b.max(b.max(first, second), SMALLEST));
  });
}

function widthOf(b: Builder, { lower, upper }: Bounds): Node {
  return b.sub(upper, lower);
}

/** Over all elements of all rows: a scalar. */
function meanOf(b: Builder, value: Node): Node {
  const sum = (a: Node): Node =>
    b.sum(
      a,
      a.shape.map((_, axis) => axis),
    );
  // The batch's size is not known here: a sum of ones tells it.
  return b.div(sum(value), sum(b.expand(b.scalar(1), value.shape)));
}
