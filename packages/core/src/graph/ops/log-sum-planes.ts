/**
 * Planes around ln Σ eˣ and the logarithm of softmax. ln Σ eˣ is convex: above its tangent plane, and below
 * the logarithm's tangent over the exponentials' chords.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { type Bounds, isExact } from './definition.ts';
import { expChord, fits, laneOf, relativeError } from './lanes.ts';
import type { PlaneContext, Planes } from './planes.ts';

interface LogSum {
  /** Of the planes below and above: their slopes [batch, groups, elements], heights [batch, groups, 1]. */
  readonly below: { readonly slopes: Node; readonly height: Node };
  readonly above: { readonly slopes: Node; readonly height: Node };
}

/** Planes of ln Σ eˣ over the last axis. */
function logSumPlanes(b: Builder, x: Bounds, centre: Node, count: number, exact: boolean): LogSum {
  const sum = (value: Node): Node => b.sum(value, [2], true);
  const error = exact ? 0 : relativeError(count);
  const middle = b.add(b.mul(x.lower, 0.5), b.mul(x.upper, 0.5));
  const top = b.maximum(middle, [2], true);
  const powers = b.exp(b.sub(middle, top));
  const total = sum(powers);
  const weights = b.div(powers, total);
  const tangent = b.add(b.add(b.log(total), top), sum(b.mul(weights, b.sub(centre, middle))));
  const reach = b.add(b.sub(x.upper, x.lower), b.abs(b.sub(centre, middle)));
  const size = b.add(b.maximum(b.abs(centre), [2], true), b.maximum(b.abs(middle), [2], true));
  const slack = b.add(
    b.mul(b.add(sum(b.mul(weights, reach)), 1), error),
    b.mul(size, exact ? 0 : 2 ** -20),
  );

  const highest = b.maximum(x.upper, [2], true);
  const shifted = { lower: b.sub(x.lower, highest), upper: b.sub(x.upper, highest) };
  const { slope, foot } = expChord(b, shifted);
  const along = (place: Node): Node =>
    sum(b.add(foot, b.mul(slope, b.sub(b.sub(place, highest), shifted.lower))));
  const at = b.max(along(middle), 1e-30);
  const inverse = b.reciprocal(at);
  const tallest = b.add(
    sum(b.add(b.exp(shifted.upper), b.mul(slope, reach))),
    b.abs(along(centre)),
  );
  const above = b.add(b.add(highest, b.log(at)), b.mul(b.sub(along(centre), at), inverse));
  const more = b.add(
    b.mul(b.add(b.mul(tallest, inverse), 1), error),
    b.mul(b.add(size, b.abs(highest)), exact ? 0 : 2 ** -20),
  );
  return {
    below: { slopes: weights, height: b.sub(tangent, slack) },
    above: { slopes: b.mul(slope, inverse), height: b.add(above, more) },
  };
}

export function logSumExpPlanes(
  context: PlaneContext<'reduceLogSumExp'>,
  range: Bounds,
): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const { axes } = node.attributes;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre || axes.includes(0)) return undefined;
  const lane = laneOf(b, x.lower, axes);
  const { count } = lane;
  const lanes = { lower: lane.into(x.lower), upper: lane.into(x.upper) };
  const planes = logSumPlanes(b, lanes, lane.into(centre), count, isExact(rounding));
  const sound = fits(b, [
    planes.below.height,
    planes.above.height,
    b.sum(planes.above.slopes, [2], true),
  ]);
  const below = b.where(sound, planes.below.slopes, 0);
  const above = b.where(sound, planes.above.slopes, 0);
  const flat = (end: Node): Node => b.reshape(end, sound.shape);
  const rowed = (rows: Node): Node =>
    b.reshape(rows, [sound.shape[0] ?? 1, rows.shape[1] ?? 1, sound.shape[1] ?? 1, 1]);
  const spread = (slopes: Node): Node => {
    const [batch = 1, groups = 1, elements = 1] = slopes.shape;
    return b.reshape(slopes, [batch, groups, 1, elements]);
  };
  // The network's own error, as its range has it.
  const network = isExact(rounding) ? 0 : 1;
  const own = (height: Node): Node =>
    b.mul(b.add(b.mul(b.abs(height), 2 ** -19), 2 ** -18 + count * 2 ** -22), network);
  return {
    lower: b.reshape(
      b.where(sound, b.sub(planes.below.height, own(planes.below.height)), flat(range.lower)),
      node.shape,
    ),
    upper: b.reshape(
      b.where(sound, b.add(planes.above.height, own(planes.above.height)), flat(range.upper)),
      node.shape,
    ),
    carry: (_, { positive, negative }) => {
      const grouped = (rows: Node): Node => b.transpose(rowed(rows), [0, 2, 1, 3]);
      const sum = b.add(
        b.mul(grouped(positive), spread(below)),
        b.mul(grouped(negative), spread(above)),
      );
      return lane.rowsBack(sum, positive, x.lower);
    },
    spread: (_, reach) =>
      b.reshape(b.sum(b.mul(b.add(below, above), lane.into(reach)), [2], true), node.shape),
    terms: 2,
  };
}

export function logSoftmaxPlanes(
  context: PlaneContext<'logSoftmax'>,
  range: Bounds,
): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const { axis } = node.attributes;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre || axis === 0) return undefined;
  const lane = laneOf(b, x.lower, [axis]);
  const { count } = lane;
  const lanes = { lower: lane.into(x.lower), upper: lane.into(x.upper) };
  const at = lane.into(centre);
  const exact = isExact(rounding);
  const planes = logSumPlanes(b, lanes, at, count, exact);
  const sum = b.sum(planes.above.slopes, [2], true);
  const sound = fits(b, [planes.below.height, planes.above.height, sum, at]);
  const below = b.where(sound, planes.above.slopes, 0);
  const above = b.where(sound, planes.below.slopes, 0);
  // A runtime may subtract the logarithm of the whole sum, of the size of the greatest element.
  const size = b.maximum(
    b.max(b.max(b.abs(lanes.lower), b.abs(lanes.upper)), b.abs(at)),
    [2],
    true,
  );
  const network = b.add(b.mul(size, exact ? 0 : 2 ** -19), exact ? 0 : 2 ** -16 + count * 2 ** -22);
  const back = (value: Node): Node => lane.back(value, x.lower);
  const [batch = 1, groups = 1] = lanes.lower.shape;
  const own = b.expand(sound, lanes.lower.shape);
  const row = (value: Node): Node => b.reshape(value, [batch, groups, 1, count]);
  const end = (height: Node, flat: Node): Node => back(b.where(own, height, lane.into(flat)));
  return {
    lower: end(b.sub(b.sub(at, planes.above.height), network), range.lower),
    upper: end(b.add(b.sub(at, planes.below.height), network), range.upper),
    carry: (_, { positive, negative }) => {
      const [least, most] = [lane.rowsInto(positive), lane.rowsInto(negative)];
      const shares = b.add(
        b.mul(b.sum(least, [3], true), row(below)),
        b.mul(b.sum(most, [3], true), row(above)),
      );
      const kept = b.mul(b.add(least, most), row(own));
      // Where the planes are flat no part is carried.
      return lane.rowsBack(b.sub(kept, shares), positive, x.lower);
    },
    spread: (_, reach) => {
      const each = lane.into(reach);
      const others = b.sum(b.mul(b.add(below, above), each), [2], true);
      return back(b.add(each, b.expand(others, each.shape)));
    },
    terms: count + 2,
  };
}
