/**
 * Planes around ‖x‖₂. It is convex: above w·x for every w of length 1, that of the middle among them; and
 * √s ≤ (s/z + z)/2 with the chords of the squares for s, taken where both are equal in the middle.
 */
import type { Node } from '../graph.ts';
import { type Bounds, isExact } from './definition.ts';
import { besideRows, type PlaneContext, type Planes } from './planes.ts';

const [MOST, LEAST] = [2 ** 60, 1e-15];

/** `count` elements are taken together; `range` are the norm's own ends. */
export function normPlanes(
  context: PlaneContext<'reduceL2'>,
  count: number,
  range: Bounds,
): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const { axes } = node.attributes;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre || axes.includes(0)) return undefined;
  const { shape } = x.lower;
  const kept = shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const sum = (value: Node): Node => b.sum(value, axes, true);
  const error = isExact(rounding) ? 0 : 2 ** -18 + count * 2 ** -22;
  const middle = b.add(b.mul(x.lower, 0.5), b.mul(x.upper, 0.5));
  const size = b.sqrt(sum(b.mul(middle, middle)));
  const direction = b.div(middle, b.max(size, LEAST));
  const ends = { lower: b.reshape(range.lower, kept), upper: b.reshape(range.upper, kept) };

  const along = b.mul(direction, centre);
  const lost = b.mul(b.add(ends.upper, sum(b.abs(along))), error);
  const least = b.sub(sum(along), lost);

  const [both, product] = [b.add(x.lower, x.upper), b.mul(x.lower, x.upper)];
  const chords = (place: Node): Node => sum(b.sub(b.mul(both, place), product));
  const root = b.max(b.sqrt(b.max(chords(middle), 0)), LEAST);
  const inverse = b.mul(b.reciprocal(root), 0.5);
  const terms = sum(b.add(b.mul(b.abs(both), b.abs(centre)), b.abs(product)));
  const tall = b.add(b.mul(chords(centre), inverse), b.mul(root, 0.5));
  const most = b.add(tall, b.mul(b.add(b.mul(terms, inverse), root), error));

  const network = b.add(
    b.mul(ends.upper, rounding.gamma(count)),
    2 * Math.sqrt(rounding.tiny(count)),
  );
  const slopes = b.mul(both, inverse);
  const sizes = [least, most, sum(b.abs(slopes)), sum(b.abs(direction))];
  // Not so for NaN either.
  const fits = b.greater(
    MOST,
    sizes.map((value) => b.abs(value)).reduce((all, value) => b.add(all, value)),
  );
  const [below, above] = [b.where(fits, direction, 0), b.where(fits, slopes, 0)];
  const [batch = 1, ...rest] = kept;
  return {
    lower: b.reshape(b.where(fits, b.sub(least, network), ends.lower), node.shape),
    upper: b.reshape(b.where(fits, b.add(most, network), ends.upper), node.shape),
    carry: (_, { positive, negative }) => {
      const apart = (rows: Node): Node => b.reshape(rows, [batch, rows.shape[1] ?? 1, ...rest]);
      const beside = (slope: Node): Node => besideRows(slope, shape.length, b);
      return b.add(b.mul(apart(positive), beside(below)), b.mul(apart(negative), beside(above)));
    },
    spread: (_, reach) =>
      b.reshape(sum(b.mul(b.max(b.abs(below), b.abs(above)), reach)), node.shape),
    terms: 2,
  };
}
