/**
 * Planes around the greatest of many elements. Below lies the element whose least value is greatest (equal
 * shares of them at ties); above it too where no other can reach beyond it, else the greatest upper end.
 */
import type { Builder } from '../builder.ts';
import { multiply } from '../dimension.ts';
import type { Node, OpName } from '../graph.ts';
import { type Bounds, isExact } from './definition.ts';
import { magnitude, TINY } from './outward.ts';
import { besideRows, type PlaneContext, type Planes } from './planes.ts';

/** Below every value that a network may hold. */
const FAR = -3e38;
/** Shares of elements at ties add up to 1 but for rounding. */
const SHARES = 2 ** -21;

/** Elements in groups: reductions over each group, and a group's value repeated for its elements. */
interface Groups {
  readonly sum: (elements: Node) => Node;
  readonly greatest: (elements: Node) => Node;
  readonly repeated: (values: Node) => Node;
}

interface Shares {
  /** The share of each element in the plane below: 0 or 1 but at ties. */
  readonly below: Node;
  readonly above: Node;
  readonly lower: Node;
  readonly upper: Node;
}

function sharesOf(b: Builder, x: Bounds, centre: Node, groups: Groups, exact: boolean): Shares {
  const best = groups.greatest(x.lower);
  const attained = b.greaterOrEqual(x.lower, groups.repeated(best));
  const count = groups.sum(attained);
  const below = b.div(attained, groups.repeated(count));
  const rival = groups.greatest(b.where(attained, FAR, x.upper));
  const alone = b.mul(b.greaterOrEqual(best, rival), b.greaterOrEqual(1.5, count));
  const height = groups.sum(b.mul(below, centre));
  const size = b.max(groups.greatest(magnitude(b, x)), groups.greatest(b.abs(centre)));
  const error = exact ? b.scalar(0) : b.add(b.mul(size, SHARES), TINY);
  return {
    below,
    above: b.mul(below, groups.repeated(alone)),
    lower: b.sub(height, error),
    upper: b.where(alone, b.add(height, error), groups.greatest(x.upper)),
  };
}

/** Over axes of one value. */
export function reducedPlanes(context: PlaneContext<'reduceMax'>): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const { axes, keep } = node.attributes;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre || axes.includes(0)) return undefined;
  const { shape } = x.lower;
  const kept = shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const groups: Groups = {
    sum: (elements) => b.sum(elements, axes, keep),
    greatest: (elements) => b.maximum(elements, axes, keep),
    repeated: (values) => b.expand(b.reshape(values, kept), shape),
  };
  const shares = sharesOf(b, x, centre, groups, isExact(rounding));
  const [batch = 1, ...rest] = kept;
  return {
    lower: shares.lower,
    upper: shares.upper,
    carry: (_, { positive, negative }) => {
      const apart = (rows: Node): Node => b.reshape(rows, [batch, rows.shape[1] ?? 1, ...rest]);
      const beside = (share: Node): Node => besideRows(share, shape.length, b);
      return b.add(
        b.mul(apart(positive), beside(shares.below)),
        b.mul(apart(negative), beside(shares.above)),
      );
    },
    spread: (_, reach) => groups.sum(b.mul(shares.below, reach)),
    terms: 2,
  };
}

/**
 * Over windows: `taps` are what each window sees, one value of the result's shape for each place in it, and
 * `back` takes the taps' coefficients [n, …] to those of a value [n, …operand].
 */
export function windowPlanes(
  context: PlaneContext<OpName>,
  taps: (x: Node) => readonly Node[],
  back: (coefficients: readonly Node[], x: Node) => Node,
): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre) return undefined;
  const stacked = (value: Node): Node =>
    b.concat(
      taps(value).map((tap) => b.reshape(tap, [...tap.shape, 1])),
      node.shape.length,
    );
  const last = node.shape.length;
  const seen: Bounds = { lower: stacked(x.lower), upper: stacked(x.upper) };
  const groups: Groups = {
    sum: (elements) => b.sum(elements, [last]),
    greatest: (elements) => b.maximum(elements, [last]),
    repeated: (values) => b.expand(b.reshape(values, [...node.shape, 1]), seen.lower.shape),
  };
  const shares = sharesOf(b, seen, stacked(centre), groups, isExact(rounding));
  const count = Number(seen.lower.shape[last]);
  return {
    lower: shares.lower,
    upper: shares.upper,
    carry: (_, { positive, negative }) => {
      const [batch = 1, rows = 1, ...rest] = positive.shape;
      const all = multiply(batch, rows);
      const ofTap = (k: number): Node => {
        const share = (shared: Node): Node =>
          besideRows(b.reshape(b.slice(shared, last, k, k + 1), node.shape), last, b);
        const sum = b.add(
          b.mul(positive, share(shares.below)),
          b.mul(negative, share(shares.above)),
        );
        return b.reshape(sum, [all, ...rest]);
      };
      const inside = x.lower.shape.slice(1);
      // Taps of a value of the rows' shape say where coefficients go back to.
      const standIn = b.expand(b.scalar(0), [all, ...inside]);
      const sum = back(
        Array.from({ length: count }, (_v, k) => ofTap(k)),
        standIn,
      );
      return b.reshape(sum, [batch, rows, ...inside]);
    },
    spread: (_, reach) => groups.sum(b.mul(shares.below, stacked(reach))),
    terms: count + 2,
  };
}
