/**
 * A function of one value between two lines over an interval: what carries linear bounds backwards
 * through it (Zhang et al. 2018, CROWN; Singh et al. 2018 for functions with one bend). Lines are given
 * around a centre c, y = slope·(x − c) + height, and hold for the value as a network computes it, rounding
 * included; the slopes are whatever float32 makes of them, the heights are rounded outward for those.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import type { Bounds } from './definition.ts';

export interface Line {
  readonly slope: Node;
  /** The line's value at the centre. */
  readonly height: Node;
}

/** The function lies on or above `lower` and on or below `upper`. */
export interface Lines {
  readonly lower: Line;
  readonly upper: Line;
}

/** A function over an interval. */
export interface Curve {
  readonly b: Builder;
  readonly x: Bounds;
  /** Where lines are to be as close as they can; in the middle of the interval when absent. */
  readonly middle?: Node;
  readonly centre: Node;
  readonly at: (x: Node) => Node;
  readonly derivativeAt: (x: Node) => Node;
  /** Error of one evaluation by the network and one of the bound's, relative and absolute. */
  readonly error: { readonly relative: number; readonly absolute: number };
  /** Error of one evaluation of the derivative. */
  readonly derivativeError: { readonly relative: number; readonly absolute: number };
  /** Whether rounding is left out, to compare with tools that do; lines are then not proven. */
  readonly exact: boolean;
}

/** Room for a handful of float32 operations, relative to their terms. */
const FEW = 2 ** -20;
const TINY = 2 ** -120;

/**
 * Rounding of a height: relative to the function's values it was made of and to the slope times the way to
 * the centre.
 */
function room(curve: Curve, slope: Node, values: readonly Node[]): Node {
  const { b, x, error, centre, at } = curve;
  if (curve.exact) return b.scalar(0);
  const size = [at(x.lower), at(x.upper), ...values]
    .map((value) => b.abs(value))
    .reduce((most, value) => b.max(most, value));
  // The centre need not lie in the interval.
  const way = b.add(b.abs(b.sub(x.upper, centre)), b.abs(b.sub(centre, x.lower)));
  const reach = b.mul(b.abs(slope), b.add(way, b.mul(b.abs(centre), FEW)));
  return b.add(
    b.add(b.mul(size, (1 + FEW) * error.relative + FEW), b.mul(reach, FEW)),
    (1 + FEW) * error.absolute + TINY,
  );
}

/** A point (x, y) seen from a slope: y − slope·(x − c), the height of the line through it. */
export function heightThrough({ b, centre }: Curve, slope: Node, x: Node, y: Node): Node {
  return b.sub(y, b.mul(slope, b.sub(x, centre)));
}

/** f(p) − slope·(p − c). */
export function heightAt(curve: Curve, slope: Node, p: Node): Node {
  return heightThrough(curve, slope, p, curve.at(p));
}

/** A line at or below a height, with room for rounding; `values` of f are what it was made of, beside the ends. */
export function below(curve: Curve, slope: Node, height: Node, values: readonly Node[] = []): Line {
  return { slope, height: curve.b.sub(height, room(curve, slope, values)) };
}

export function above(curve: Curve, slope: Node, height: Node): Line {
  return { slope, height: curve.b.add(height, room(curve, slope, [])) };
}

/** Where lines are to be as close as they can. */
export function middleOf({ b, x, middle }: Curve): Node {
  return middle ?? b.add(b.mul(x.lower, 0.5), b.mul(x.upper, 0.5));
}

/**
 * (f(u) − f(l)) / (u − l). Over intervals so narrow that the difference is mostly rounding, the derivative
 * instead: slopes of noise would grow without limit.
 */
export function chordOf(curve: Curve): Node {
  const { b, x, at, error, derivativeAt } = curve;
  const width = b.sub(x.upper, x.lower);
  const size = b.add(b.abs(x.lower), b.abs(x.upper));
  const narrow = b.greaterOrEqual(b.add(b.mul(size, 2 ** -16), 64 * error.absolute + TINY), width);
  const ratio = b.div(b.sub(at(x.upper), at(x.lower)), b.max(width, 1e-30));
  return b.where(narrow, derivativeAt(middleOf(curve)), ratio);
}

/** What a derivative as computed may be off by. */
export function derivativeErrorOf({ b, derivativeError, exact }: Curve, derivative: Node): Node {
  const { relative, absolute } = derivativeError;
  if (exact || relative + absolute === 0) return b.mul(derivative, 0);
  return b.add(b.mul(b.abs(derivative), relative), absolute);
}

/** How far a line may rise over the tangent at a point because its slope is computed. */
export function tiltAt(curve: Curve, derivative: Node, point: Node): Node {
  const { b, x } = curve;
  const way = b.max(b.sub(x.upper, point), b.sub(point, x.lower));
  return b.mul(derivativeErrorOf(curve, derivative), b.add(b.mul(way, 1 + FEW), TINY));
}

/** The tangent in the middle of the interval, with room for the derivative's error. */
function tangent(curve: Curve, side: 'below' | 'above'): Line {
  const { b, x, derivativeAt } = curve;
  const point = b.min(b.max(middleOf(curve), x.lower), x.upper);
  const slope = derivativeAt(point);
  const height = heightAt(curve, slope, point);
  const tilt = tiltAt(curve, slope, point);
  return side === 'below'
    ? below(curve, slope, b.sub(height, tilt))
    : above(curve, slope, b.add(height, tilt));
}

/** A convex function lies below its chord and above its tangents. */
export function convexLines(curve: Curve): Lines {
  const { b, x } = curve;
  const slope = chordOf(curve);
  const ends = b.max(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  return { lower: tangent(curve, 'below'), upper: above(curve, slope, ends) };
}

/** A concave function lies above its chord and below its tangents. */
export function concaveLines(curve: Curve): Lines {
  const { b, x } = curve;
  const slope = chordOf(curve);
  const ends = b.min(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  return { lower: below(curve, slope, ends), upper: tangent(curve, 'above') };
}

/** Whether one line is above another in the middle of the interval. */
export function isHigher(curve: Curve, first: Line, second: Line): Node {
  const { b, centre } = curve;
  const way = b.sub(middleOf(curve), centre);
  return b.greater(
    b.add(first.height, b.mul(first.slope, way)),
    b.add(second.height, b.mul(second.slope, way)),
  );
}

/** One line where a mask is 1, another where it is 0. */
export function chosen(b: Builder, mask: Node, first: Line, second: Line): Line {
  return {
    slope: b.where(mask, first.slope, second.slope),
    height: b.where(mask, first.height, second.height),
  };
}

/** Lines that are some for intervals where a mask is 1, and others elsewhere. */
export function chosenLines(b: Builder, mask: Node, first: Lines, second: Lines): Lines {
  return {
    lower: chosen(b, mask, first.lower, second.lower),
    upper: chosen(b, mask, first.upper, second.upper),
  };
}

/** No end, slope or height of a line may reach this: sums and products of a few of them do not overflow. */
const MOST = 2 ** 60;

/** The lines where they and the interval are bounded, elsewhere flat ones at the ends of the range. */
export function bounded(b: Builder, x: Bounds, lines: Lines, range: Bounds): Lines {
  const { lower, upper } = lines;
  const size = [x, range]
    .flatMap((ends) => [ends.lower, ends.upper])
    .concat([lower, upper].flatMap(({ slope, height }) => [slope, height]))
    .map((value) => b.abs(value))
    .reduce((sum, value) => b.add(sum, value));
  // Not so for NaN either.
  const fits = b.greater(MOST, size);
  const flat = (height: Node): Line => ({ slope: b.mul(fits, 0), height });
  return {
    lower: chosen(b, fits, lower, flat(range.lower)),
    upper: chosen(b, fits, upper, flat(range.upper)),
  };
}

/** Concave below a pole at 0 and convex above it, as 1/x is. */
export function poleLines(curve: Curve): Lines {
  const { b, x } = curve;
  return chosenLines(b, b.greater(x.lower, 0), convexLines(curve), concaveLines(curve));
}

/** The slope of the line below a hinge that leaves the smaller area between it and the hinge. */
export function hingeSlope(b: Builder, { lower, upper }: Bounds, flat: number): Node {
  const steep = b.step(b.add(lower, upper));
  return flat === 0 ? steep : b.add(b.mul(steep, 1 - flat), flat);
}

/**
 * max(x, s·x) for 0 ≤ s < 1: below the chord, and above the steeper or the flatter of its two pieces,
 * whichever encloses less (Zhang et al. 2018: by which end is farther from 0).
 */
export function hingeLines(curve: Curve, flat: number): Lines {
  const { b, x, centre } = curve;
  const [up, down] = [b.relu(x.upper), b.relu(b.neg(x.lower))];
  const share = b.div(up, b.max(b.add(up, down), 1e-30));
  const slope = b.min(flat === 0 ? share : b.add(b.mul(share, 1 - flat), flat), 1);
  const ends = b.max(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  const piece = hingeSlope(b, x, flat);
  const exact = flat === 0;
  const through = b.mul(piece, centre);
  return {
    // A multiple of x by 0 or 1 is exact.
    lower: exact ? { slope: piece, height: through } : below(curve, piece, through),
    upper: above(curve, slope, ends),
  };
}
