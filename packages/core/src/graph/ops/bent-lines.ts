/**
 * Lines around functions that bend both ways. The line below is the one that supports the convex hull of the
 * curve in the middle of the interval: a tangent where the hull is the curve itself, else the line that
 * leaves the curve at a tangent point, or the chord (Zhang et al. 2018, section 3.3, for sigmoids; Shi et al.
 * 2024 for general functions). Where a tangent leaves is searched for in a fixed number of steps; the height
 * is taken at every place where the curve can come nearest, so a line holds wherever the search ended.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import {
  below,
  chordOf,
  chosen,
  type Curve,
  derivativeErrorOf,
  heightAt,
  heightThrough,
  isHigher,
  type Line,
  type Lines,
  middleOf,
  tiltAt,
} from './lines.ts';

/** How the tangent from the interval's upper end to the convex part on its left is found. */
export interface Search {
  /** Where the derivative is k, left of the bend. By halving when absent. */
  readonly inverse?: (b: Builder, k: Node) => Node;
  /** The tangent is to pass under the curve at the next multiple of this, as published tables have it. */
  readonly grid?: number;
}

/** Steps of x ← (f′)⁻¹(chord slope from x), which converges quadratically and from the left. */
const CHORD_STEPS = 7;
/** Halvings of an interval of at most a few units, before the last step by the rule of three. */
const HALVINGS = 12;

/** x ↦ f(−x). */
export function mirrored(curve: Curve): Curve {
  const { b, x, middle, centre, at, derivativeAt } = curve;
  return {
    ...curve,
    ...(middle ? { middle: b.neg(middle) } : {}),
    x: { lower: b.neg(x.upper), upper: b.neg(x.lower) },
    centre: b.neg(centre),
    at: (value) => at(b.neg(value)),
    derivativeAt: (value) => b.neg(derivativeAt(b.neg(value))),
  };
}

/** x ↦ −f(x). */
export function negated(curve: Curve): Curve {
  const { b, at, derivativeAt } = curve;
  return {
    ...curve,
    at: (value) => b.neg(at(value)),
    derivativeAt: (value) => b.neg(derivativeAt(value)),
  };
}

/** A line around x ↦ f(−x), seen from f. */
export const mirroredLine = (b: Builder, { slope, height }: Line): Line => ({
  slope: b.neg(slope),
  height,
});

/** A line below −f is one above f. */
export const negatedLine = (b: Builder, { slope, height }: Line): Line => ({
  slope: b.neg(slope),
  height: b.neg(height),
});

const clamped = (b: Builder, value: Node | number, low: Node, high: Node): Node =>
  b.min(b.max(value, low), high);

/** A zero of an increasing function between two points, or the end it lies beyond. */
function zeroOf(b: Builder, between: readonly [Node, Node], f: (x: Node) => Node): Node {
  let [low, high] = between;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = b.add(b.mul(low, 0.5), b.mul(high, 0.5));
    const before = b.greaterOrEqual(0, f(middle));
    low = b.where(before, middle, low);
    high = b.where(before, high, middle);
  }
  const [least, most] = [b.abs(f(low)), b.abs(f(high))];
  const share = b.div(least, b.max(b.add(least, most), 1e-30));
  return clamped(b, b.add(low, b.mul(share, b.sub(high, low))), low, high);
}

/** The tangent at a point p, seen at x: f(p) + f′(p)·(x − p). */
function tangentAt({ b, at, derivativeAt }: Curve, p: Node, x: Node): Node {
  return b.add(at(p), b.mul(derivativeAt(p), b.sub(x, p)));
}

/** Where the tangent leaves the convex part [lower, rise] that passes under the curve's upper end. */
function contact(curve: Curve, rise: Node | number, { inverse, grid }: Search): Node {
  const { b, x, at } = curve;
  const end = clamped(b, rise, x.lower, x.upper);
  const target = grid
    ? b.mul(b.add(b.push('floor', [b.mul(x.upper, 1 / grid)], {}), 1), grid)
    : x.upper;
  if (!inverse) {
    // Farther left the curve is as good as straight.
    const start = b.max(x.lower, b.sub(end, 8));
    return zeroOf(b, [start, end], (p) => b.sub(tangentAt(curve, p, target), at(target)));
  }
  let point = x.lower;
  for (let i = 0; i < CHORD_STEPS; i++) {
    const chord = b.div(b.sub(at(target), at(point)), b.max(b.sub(target, point), 1e-30));
    point = clamped(b, inverse(b, chord), x.lower, end);
  }
  return point;
}

/** The tangent at a point of a convex part, lowered to pass under the curve at other points too. */
function tangentBelow(curve: Curve, point: Node, others: readonly Node[]): Line {
  const { b, at, derivativeAt } = curve;
  const slope = derivativeAt(point);
  const height = others
    .map((other) => heightAt(curve, slope, other))
    .reduce((least, other) => b.min(least, other), heightAt(curve, slope, point));
  return below(curve, slope, b.sub(height, tiltAt(curve, slope, point)), [at(point)]);
}

interface Side {
  /** 1 where the curve dips below its chord at the lower end. */
  readonly dips: Node;
  readonly line: Line;
}

/** The line that is tangent to the convex part at the lower end. */
function leftOf(curve: Curve, rise: Node | number, chord: Node, search: Search): Side {
  const { b, x, derivativeAt } = curve;
  const steep = derivativeAt(x.lower);
  const least = b.sub(steep, derivativeErrorOf(curve, steep));
  const point = b.max(b.min(contact(curve, rise, search), middleOf(curve)), x.lower);
  return {
    dips: b.mul(b.greater(rise, x.lower), b.greater(chord, least)),
    line: tangentBelow(curve, point, [x.upper]),
  };
}

/** Where a curve bends: convex up to `rise`, concave up to `fall`, convex behind; absent ends are infinite. */
export interface Hill {
  readonly rise?: Node | number;
  readonly fall?: Node | number;
}

/**
 * The line below a hill. Its slopes before `rise` are nowhere less than those behind `fall`, so a line that
 * is tangent on one side comes nearest at the other side's end.
 */
export function hillLine(curve: Curve, { rise, fall }: Hill, search: Search = {}): Line {
  const { b, x } = curve;
  const chord = chordOf(curve);
  const ends = b.min(heightAt(curve, chord, x.lower), heightAt(curve, chord, x.upper));
  let line = below(curve, chord, ends);
  if (fall !== undefined) {
    const other = mirrored(curve);
    const end = typeof fall === 'number' ? -fall : b.neg(fall);
    const right = leftOf(other, end, chordOf(other), search);
    line = chosen(b, right.dips, mirroredLine(b, right.line), line);
  }
  if (rise !== undefined) {
    const left = leftOf(curve, rise, chord, search);
    line = chosen(b, left.dips, left.line, line);
  }
  return line;
}

/**
 * The line below a curve that is concave up to the first place, convex up to the second, and concave behind:
 * tangent to the convex part, between the tangent points seen from both ends, or the chord where it is nearer.
 */
export function valleyLine(curve: Curve, [first, second]: readonly [number, number]): Line {
  const { b, x, at, derivativeAt } = curve;
  const [low, high] = [clamped(b, first, x.lower, x.upper), clamped(b, second, x.lower, x.upper)];
  const bends = b.greater(high, low);
  const reach: [Node, Node] = [low, high];
  const from = zeroOf(b, reach, (p) => b.sub(at(x.lower), tangentAt(curve, p, x.lower)));
  const to = zeroOf(b, reach, (p) => b.sub(tangentAt(curve, p, x.upper), at(x.upper)));
  const point = clamped(b, b.min(b.max(middleOf(curve), from), to), low, high);
  const touching = tangentBelow(curve, point, [x.lower, x.upper]);

  // The convex part lies above any of its tangents, which is lowest over a line at one of its ends.
  const slope = chordOf(curve);
  const ends = b.min(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  const seen = reach.map((end) => tangentAt(curve, from, end));
  const [left = ends, right = ends] = seen.map((y, i) =>
    heightThrough(curve, slope, reach[i] ?? low, y),
  );
  const held = b.sub(b.min(left, right), tiltAt(curve, derivativeAt(from), from));
  const height = b.where(bends, b.min(ends, held), ends);
  const straight = below(curve, slope, height, [at(from), ...seen]);
  return chosen(b, b.mul(bends, isHigher(curve, touching, straight)), touching, straight);
}

/** Lines of a function that is concave, convex and concave again, as gated activations are. */
export function valleyLines(curve: Curve, bends: readonly [number, number]): Lines {
  const [rise, fall] = bends;
  return {
    lower: valleyLine(curve, bends),
    upper: negatedLine(curve.b, hillLine(negated(curve), { rise, fall })),
  };
}

/** Lines of an increasing function, convex below 0 and concave above it, with f(x) + f(−x) constant. */
export function sigmoidLines(curve: Curve, search: Search = {}): Lines {
  const { b } = curve;
  const upper = hillLine(negated(mirrored(curve)), { rise: 0 }, search);
  return {
    lower: hillLine(curve, { rise: 0 }, search),
    upper: { slope: upper.slope, height: b.neg(upper.height) },
  };
}

/** Lines of an odd function, concave below 0 and convex above it. */
export function oddPowerLines(curve: Curve, search: Search): Lines {
  const { b } = curve;
  return {
    lower: mirroredLine(b, hillLine(mirrored(curve), { rise: 0 }, search)),
    upper: negatedLine(b, hillLine(negated(curve), { rise: 0 }, search)),
  };
}
