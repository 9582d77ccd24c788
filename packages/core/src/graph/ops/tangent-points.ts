/**
 * Where tangents that pass through another point of a curve touch it, in a fixed number of steps. Searches of
 * one curve are stacked on a new first axis, so that several cost as many nodes as one.
 */
import type { Builder } from '../builder.ts';
import { broadcastShapes, type Shape } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { type Bounds, ShapeError } from './definition.ts';
import type { Curve } from './lines.ts';

/** Halvings of an interval of at most a few units, before the last step by the rule of three. */
const HALVINGS = 12;
/** Steps of x ← (f′)⁻¹(chord slope from x), which converges quadratically and from the left. */
const CHORD_STEPS = 7;

export const clamped = (b: Builder, value: Node | number, low: Node, high: Node): Node =>
  b.min(b.max(value, low), high);

/** Values of one shape, up to broadcasting, behind a first axis. */
function stacked(b: Builder, values: readonly Node[]): Node {
  const shape = values.reduce<Shape>((all, value) => {
    const common = broadcastShapes(all, value.shape);
    if (!common) throw new ShapeError('ends of an interval have shapes that do not broadcast');
    return common;
  }, []);
  return b.concat(
    values.map((value) => b.reshape(b.expand(value, shape), [1, ...shape])),
    0,
  );
}

export function unstacked(b: Builder, value: Node, i: number): Node {
  return b.reshape(b.slice(value, 0, i, i + 1), value.shape.slice(1));
}

/** The same function over several intervals. */
export function stackedCurve(
  curve: Curve,
  places: readonly { readonly x: Bounds; readonly centre: Node }[],
): Curve {
  const { b } = curve;
  return {
    ...curve,
    x: {
      lower: stacked(
        b,
        places.map(({ x }) => x.lower),
      ),
      upper: stacked(
        b,
        places.map(({ x }) => x.upper),
      ),
    },
    centre: stacked(
      b,
      places.map(({ centre }) => centre),
    ),
  };
}

/** The tangent at a point p, seen at x: f(p) + f′(p)·(x − p). */
export function tangentAt({ b, at, derivativeAt }: Curve, p: Node, x: Node): Node {
  return b.add(at(p), b.mul(derivativeAt(p), b.sub(x, p)));
}

export interface TangentSearch {
  readonly between: readonly [Node, Node];
  /** Where the tangent is to meet the curve again. */
  readonly end: Node;
  /** Whether the tangent's height there rises with the point, or falls. */
  readonly rises: boolean;
}

/** The points between two others whose tangents meet the curve at an end, or which come nearest to it. */
export function tangentPoints(curve: Curve, searches: readonly TangentSearch[]): Node[] {
  const { b, at } = curve;
  const all = (of: (search: TangentSearch) => Node): Node => stacked(b, searches.map(of));
  let low = all(({ between }) => between[0]);
  let high = all(({ between }) => between[1]);
  const end = all((search) => search.end);
  const signs = b.floats(
    searches.map(({ rises }) => (rises ? 1 : -1)),
    [searches.length, ...low.shape.slice(1).map(() => 1)],
  );
  const met = at(end);
  const beyond = (p: Node): Node => b.mul(b.sub(tangentAt(curve, p, end), met), signs);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = b.add(b.mul(low, 0.5), b.mul(high, 0.5));
    const before = b.greaterOrEqual(0, beyond(middle));
    low = b.where(before, middle, low);
    high = b.where(before, high, middle);
  }
  const [least, most] = [b.abs(beyond(low)), b.abs(beyond(high))];
  const share = b.div(least, b.max(b.add(least, most), 1e-30));
  const found = clamped(b, b.add(low, b.mul(share, b.sub(high, low))), low, high);
  return searches.map((_, i) => unstacked(b, found, i));
}

/** How the tangent from the interval's upper end to a convex part left of 0 is found. */
export interface ChordSearch {
  /** Where the derivative is k, left of 0. */
  readonly inverse: (b: Builder, k: Node) => Node;
  /** The tangent is to pass under the curve at the next multiple of this, as published tables have it. */
  readonly grid?: number;
}

/** Where the tangent leaves the convex part left of 0 that passes under the curve's upper end. */
export function chordPoint({ b, x, at }: Curve, { inverse, grid }: ChordSearch): Node {
  const end = clamped(b, 0, x.lower, x.upper);
  const target = grid
    ? b.mul(b.add(b.push('floor', [b.mul(x.upper, 1 / grid)], {}), 1), grid)
    : x.upper;
  let point = x.lower;
  for (let i = 0; i < CHORD_STEPS; i++) {
    const chord = b.div(b.sub(at(target), at(point)), b.max(b.sub(target, point), 1e-30));
    point = clamped(b, inverse(b, chord), x.lower, end);
  }
  return point;
}
