/**
 * The least and the greatest variance of numbers that lie in intervals. It is the least mean of squares about any
 * centre: min over c of E[dist(c, I)²], convex in c, so that a tangent anywhere bounds it from below; Newton's steps
 * find where it does so best. About the mean's own interval each number would have a centre to itself.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { type Bounds, isExact, type RoundingModel } from './definition.ts';

const STEPS = 6;
/** Room for a handful of float32 operations, and more than underflow takes from squares. */
const [FEW, LEAST] = [2 ** -20, 2 ** -100];

interface Apart {
  readonly above: Node;
  readonly below: Node;
}

/** Over `count` numbers along the axes, which are kept with size 1. */
export function varianceEnds(
  b: Builder,
  { lower, upper }: Bounds,
  axes: readonly number[],
  count: number,
  rounding: RoundingModel,
): Bounds {
  const [few, least] = isExact(rounding) ? [0, 0] : [FEW, LEAST];
  const sum = (value: Node): Node => b.sum(value, axes, true);
  const [low, high] = [b.neg(b.maximum(b.neg(lower), axes, true)), b.maximum(upper, axes, true)];
  const apartFrom = (centre: Node): Apart => ({
    above: b.relu(b.sub(centre, upper)),
    below: b.relu(b.sub(lower, centre)),
  });
  const within = (centre: Node): Node => b.min(b.max(centre, low), high);
  let centre = within(b.mul(sum(b.add(lower, upper)), 0.5 / count));
  for (let step = 0; step < STEPS; step++) {
    const { above, below } = apartFrom(centre);
    const outside = sum(b.greater(b.add(above, below), 0));
    centre = within(b.sub(centre, b.div(sum(b.sub(above, below)), b.max(outside, 1))));
  }
  const { above, below } = apartFrom(centre);
  const own = 2 * rounding.own(count + 4);
  const [over, under] = [sum(above), sum(below)];
  const squares = b.add(sum(b.mul(above, above)), sum(b.mul(below, below)));
  const slope = b.add(b.abs(b.sub(over, under)), b.mul(b.add(over, under), own));
  // The best centre is between the least and the greatest number.
  const tilt = b.mul(b.mul(slope, b.sub(high, low)), 2 * (1 + few));
  const tangent = b.sub(b.sub(b.mul(squares, 1 - own), tilt), least);
  const farthest = b.max(b.sub(upper, centre), b.sub(centre, lower));
  const most = b.add(b.mul(sum(b.mul(farthest, farthest)), (1 + own) * (1 + few)), least);
  return {
    lower: b.mul(b.relu(tangent), (1 - few) / count),
    upper: b.mul(most, (1 + few) / count),
  };
}
