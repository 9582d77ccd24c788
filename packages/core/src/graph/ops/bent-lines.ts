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
import {
  chordPoint,
  type ChordSearch,
  clamped,
  stackedCurve,
  tangentAt,
  tangentPoints,
  unstacked,
} from './tangent-points.ts';

/** How far from its bend a gated activation is as good as straight. */
const FAR = 8;

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

/** The line that is tangent to the convex part at the lower end, which leaves it at `contact`. */
function leftOf(curve: Curve, { place, contact }: Bend, chord: Node): Side {
  const { b, x, derivativeAt } = curve;
  const steep = derivativeAt(x.lower);
  const least = b.sub(steep, derivativeErrorOf(curve, steep));
  const point = clamped(b, b.min(contact, middleOf(curve)), x.lower, x.upper);
  return {
    dips: b.mul(b.greater(place, x.lower), b.greater(chord, least)),
    line: tangentBelow(curve, b.min(point, b.max(place, x.lower)), [x.upper]),
  };
}

/** Where a curve turns, and where the tangent towards the interval's other end leaves it. */
export interface Bend {
  readonly place: Node | number;
  readonly contact: Node;
}

/** A hill is convex up to `rise`, concave up to `fall`, convex behind; absent ends are infinite. */
export interface Hill {
  readonly rise?: Bend;
  readonly fall?: Bend;
}

/**
 * The line below a hill. Its slopes before `rise` are nowhere less than those behind `fall`, so a line that
 * is tangent on one side comes nearest at the other side's end.
 */
export function hillLine(curve: Curve, { rise, fall }: Hill): Line {
  const { b, x } = curve;
  const chord = chordOf(curve);
  const ends = b.min(heightAt(curve, chord, x.lower), heightAt(curve, chord, x.upper));
  let line = below(curve, chord, ends);
  if (fall) {
    const { place } = fall;
    const end = typeof place === 'number' ? -place : b.neg(place);
    const other = { place: end, contact: b.neg(fall.contact) };
    const right = leftOf(mirrored(curve), other, b.neg(chord));
    line = chosen(b, right.dips, mirroredLine(b, right.line), line);
  }
  if (rise) {
    const left = leftOf(curve, rise, chord);
    line = chosen(b, left.dips, left.line, line);
  }
  return line;
}

/** The convex part of an interval, and the tangent points seen from its lower and upper end. */
interface Valley {
  readonly part: readonly [Node, Node];
  readonly from: Node;
  readonly to: Node;
}

/**
 * The line below a curve that is convex in a part of the interval and concave on both sides of it: tangent to
 * the convex part, between the tangent points seen from both ends, or the chord where it is nearer.
 */
function valleyLine(curve: Curve, { part, from, to }: Valley): Line {
  const { b, x, at, derivativeAt } = curve;
  const [low, high] = part;
  const bends = b.greater(high, low);
  const point = clamped(b, b.min(b.max(middleOf(curve), from), to), low, high);
  const touching = tangentBelow(curve, point, [x.lower, x.upper]);

  // The convex part lies above any of its tangents, which is lowest over a line at one of its ends.
  const slope = chordOf(curve);
  const ends = b.min(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  const seen = part.map((end) => tangentAt(curve, from, end));
  const [left = ends, right = ends] = seen.map((y, i) =>
    heightThrough(curve, slope, part[i] ?? low, y),
  );
  const held = b.sub(b.min(left, right), tiltAt(curve, derivativeAt(from), from));
  const height = b.where(bends, b.min(ends, held), ends);
  const straight = below(curve, slope, height, [at(from), ...seen]);
  return chosen(b, b.mul(bends, isHigher(curve, touching, straight)), touching, straight);
}

/** Lines of a function that is concave, convex and concave again, as gated activations are. */
export function valleyLines(curve: Curve, [first, second]: readonly [number, number]): Lines {
  const { b, x } = curve;
  const [low, high] = [clamped(b, first, x.lower, x.upper), clamped(b, second, x.lower, x.upper)];
  const part = [low, high] as const;
  const [from = low, to = high, left = low, right = high] = tangentPoints(curve, [
    { between: part, end: x.lower, rises: false },
    { between: part, end: x.upper, rises: true },
    // Farther out the curve is as good as straight.
    { between: [b.max(x.lower, b.sub(low, FAR)), low], end: x.upper, rises: false },
    { between: [high, b.min(x.upper, b.add(high, FAR))], end: x.lower, rises: true },
  ]);
  const hill = { rise: { place: first, contact: left }, fall: { place: second, contact: right } };
  return {
    lower: valleyLine(curve, { part, from, to }),
    upper: negatedLine(b, hillLine(negated(curve), hill)),
  };
}

/**
 * Lines of an increasing function, convex below 0 and concave above it, with f(x) + f(−x) = sum: below it
 * and, over the mirrored interval, below it again, both in one.
 */
export function sigmoidLines(curve: Curve, sum: number, search: ChordSearch): Lines {
  const { b, x, centre } = curve;
  const both = stackedCurve(curve, [
    { x, centre },
    { x: { lower: b.neg(x.upper), upper: b.neg(x.lower) }, centre: b.neg(centre) },
  ]);
  const contact = chordPoint(both, search);
  const { slope, height } = hillLine(both, { rise: { place: 0, contact } });
  const [lower, mirror] = [0, 1].map((i) => ({
    slope: unstacked(b, slope, i),
    height: unstacked(b, height, i),
  }));
  if (!lower || !mirror) throw new RangeError('two lines were made');
  const rounding = curve.exact || sum === 0 ? 0 : 2 ** -22;
  return { lower, upper: { slope: mirror.slope, height: b.sub(sum + rounding, mirror.height) } };
}

/** Lines of an odd function, concave below 0 and convex above it. */
export function oddPowerLines(curve: Curve, search: ChordSearch): Lines {
  const { b } = curve;
  const [left, right] = [mirrored(curve), negated(curve)];
  const hill = (each: Curve): Line =>
    hillLine(each, { rise: { place: 0, contact: chordPoint(each, search) } });
  return { lower: mirroredLine(b, hill(left)), upper: negatedLine(b, hill(right)) };
}
