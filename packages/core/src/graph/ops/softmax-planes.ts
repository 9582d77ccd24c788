/**
 * Planes around softmax, 1/(1 + Σ_{j≠i} e^{x_j − x_i}): exponentials of differences lie between a tangent and
 * a chord, and the reciprocal of their sum again (Wei et al. 2023, "Convex bounds on the softmax function
 * with applications to robustness verification", the exponential-reciprocal bounds).
 */
import type { Builder } from '../builder.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { type Bounds, isExact } from './definition.ts';
import { expChord, fits, laneOf, relativeError } from './lanes.ts';
import type { PlaneContext, Planes } from './planes.ts';

/** More elements than this would need too large a matrix of slopes. */
const MOST_ELEMENTS = 512;

interface Pairs {
  /** Slopes of component i in x_j: [batch, groups, i, j]. */
  readonly below: Node;
  readonly above: Node;
  /** Heights and what they may be off by: [batch, groups, i]. */
  readonly lower: Node;
  readonly upper: Node;
}

/** [batch, groups, n] as columns, one row a component, and as rows, one column an element. */
function facing(b: Builder, value: Node): { own: Node; other: Node } {
  const [batch = 1, groups = 1, n = 1] = value.shape;
  return {
    own: b.reshape(value, [batch, groups, n, 1]),
    other: b.reshape(value, [batch, groups, 1, n]),
  };
}

/** Σ slopes·(x_j − x_i): what x_i takes part in is the row's sum, with the sign changed. */
function withOwn(b: Builder, slopes: Node, diagonal: Node): Node {
  return b.sub(slopes, b.mul(b.sum(slopes, [3], true), diagonal));
}

function pairPlanes(b: Builder, x: Bounds, centre: Node, exact: boolean): Pairs {
  const n = known(x.lower.shape[2] ?? 1, 'the softmax axis');
  const error = exact ? 0 : relativeError(n);
  const diagonal = b.floats(
    Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  );
  const others = b.sub(1, diagonal);
  const [low, high, at] = [facing(b, x.lower), facing(b, x.upper), facing(b, centre)];
  const d = { lower: b.sub(low.other, high.own), upper: b.sub(high.other, low.own) };
  const place = b.sub(at.other, at.own);
  const half = b.mul(b.sub(d.upper, d.lower), 0.5);
  const middle = b.add(d.lower, half);
  const sum = (terms: Node): Node => b.add(b.sum(b.mul(terms, others), [3], true), 1);

  const chord = expChord(b, d);
  const [least, most] = [sum(b.exp(d.lower)), sum(b.exp(d.upper))];
  const over = sum(b.add(chord.foot, b.mul(chord.slope, b.sub(place, d.lower))));
  const touching = b.min(b.max(over, least), most);
  const inverse = b.reciprocal(touching);
  const steep = b.mul(inverse, inverse);
  const lower = b.sub(b.mul(inverse, 2), b.mul(over, steep));

  const tangent = b.exp(middle);
  const under = sum(b.mul(tangent, b.add(b.sub(place, middle), 1)));
  const slant = b.mul(b.reciprocal(least), b.reciprocal(most));
  const upper = b.sub(b.add(b.reciprocal(least), b.reciprocal(most)), b.mul(under, slant));

  // Sizes of what is added up, at the centre and over the box.
  // Differences are rounded relative to themselves: 80 of them, where eˣ is still finite, are little of 1.
  const way = b.add(b.add(b.abs(b.sub(place, middle)), half), 1);
  const chords = b.add(most, sum(b.mul(chord.slope, b.add(way, half))));
  const tangents = sum(b.mul(tangent, b.add(way, 1)));
  const [lowError, highError] = [
    b.mul(b.add(inverse, b.mul(chords, steep)), error),
    b.mul(b.add(b.mul(b.reciprocal(least), 2), b.mul(tangents, slant)), error),
  ];
  const flat = (value: Node): Node => b.reshape(value, x.lower.shape);
  return {
    below: b.neg(b.mul(withOwn(b, b.mul(chord.slope, others), diagonal), steep)),
    above: b.neg(b.mul(withOwn(b, b.mul(tangent, others), diagonal), slant)),
    lower: flat(b.sub(lower, lowError)),
    upper: flat(b.add(upper, highError)),
  };
}

export function softmaxPlanes(context: PlaneContext<'softmax'>, range: Bounds): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const { axis } = node.attributes;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre || axis === 0) return undefined;
  const lane = laneOf(b, x.lower, [axis]);
  if (lane.count > MOST_ELEMENTS) return undefined;
  const lanes = { lower: lane.into(x.lower), upper: lane.into(x.upper) };
  const exact = isExact(rounding);
  const planes = pairPlanes(b, lanes, lane.into(centre), exact);
  const sizes = [planes.below, planes.above].map((slopes) => b.sum(b.abs(slopes), [3]));
  const sound = fits(b, [planes.lower, planes.upper, ...sizes]);
  const [batch = 1, groups = 1, n = 1] = lanes.lower.shape;
  const kept = (slopes: Node): Node => b.where(b.reshape(sound, [batch, groups, n, 1]), slopes, 0);
  const [below, above] = [kept(planes.below), kept(planes.above)];
  // The network's own error, as its range has it.
  const ends = { lower: lane.into(range.lower), upper: lane.into(range.upper) };
  const network = b.add(b.mul(ends.upper, exact ? 0 : 2 ** -16), exact ? 0 : 2 ** -20);
  const end = (height: Node, flat: Node): Node => lane.back(b.where(sound, height, flat), x.lower);
  return {
    lower: end(b.sub(planes.lower, network), ends.lower),
    upper: end(b.add(planes.upper, network), ends.upper),
    carry: (_, { positive, negative }) => {
      const sum = b.add(
        b.matMul(lane.rowsInto(positive), below),
        b.matMul(lane.rowsInto(negative), above),
      );
      return lane.rowsBack(sum, positive, x.lower);
    },
    spread: (_, reach) => {
      const column = b.reshape(lane.into(reach), [batch, groups, n, 1]);
      const far = b.matMul(b.add(b.abs(below), b.abs(above)), column);
      return lane.back(b.reshape(far, [batch, groups, n]), x.lower);
    },
    terms: 2 * lane.count + 2,
  };
}
