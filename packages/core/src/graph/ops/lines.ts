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
  readonly centre: Node;
  readonly at: (x: Node) => Node;
  readonly derivativeAt: (x: Node) => Node;
  /** Error of one evaluation, relative and absolute. */
  readonly error: { readonly relative: number; readonly absolute: number };
  /** Whether the derivative is exact (a step), so that tangents need no room. */
  readonly exactDerivative: boolean;
}

/** Room for a handful of float32 operations, relative to their terms. */
const FEW = 2 ** -20;
const TINY = 2 ** -120;
/** What a computed derivative may be off by, relatively and absolutely. */
const [DERIVATIVE_RELATIVE, DERIVATIVE_ABSOLUTE] = [2 ** -16, 2 ** -17];

function spanOf({ b, x }: Curve): Node {
  return b.add(b.mul(b.sub(x.upper, x.lower), 1 + FEW), TINY);
}

/** Rounding of a height: relative to the function's ends and the slope times the way to the centre. */
function room(curve: Curve, slope: Node): Node {
  const { b, x, error, centre, at } = curve;
  const sizes = b.add(b.abs(at(x.lower)), b.abs(at(x.upper)));
  // The centre need not lie in the interval.
  const way = b.add(b.abs(b.sub(x.upper, centre)), b.abs(b.sub(centre, x.lower)));
  const reach = b.mul(b.abs(slope), b.add(way, b.mul(b.abs(centre), FEW)));
  return b.add(
    b.add(b.mul(sizes, 4 * error.relative + FEW), b.mul(reach, FEW)),
    4 * error.absolute + TINY,
  );
}

/** f(p) − slope·(p − c). */
function heightAt({ b, at, centre }: Curve, slope: Node, p: Node): Node {
  return b.sub(at(p), b.mul(slope, b.sub(p, centre)));
}

const below = (curve: Curve, slope: Node, height: Node): Line => ({
  slope,
  height: curve.b.sub(height, room(curve, slope)),
});

const above = (curve: Curve, slope: Node, height: Node): Line => ({
  slope,
  height: curve.b.add(height, room(curve, slope)),
});

/** The slope between the ends, kept between two others. */
function chordSlope(curve: Curve, least: Node, most: Node): Node {
  const { b, x, at } = curve;
  const rise = b.sub(at(x.upper), at(x.lower));
  const ratio = b.div(rise, b.max(b.sub(x.upper, x.lower), 1e-30));
  return b.min(b.max(ratio, least), most);
}

/** A tangent's slope and height at a point of the interval, with room for the derivative's error. */
function tangent(curve: Curve, side: 'below' | 'above'): Line {
  const { b, x, centre, derivativeAt, exactDerivative } = curve;
  const point = b.min(b.max(centre, x.lower), x.upper);
  const slope = derivativeAt(point);
  const height = heightAt(curve, slope, point);
  const wrong = b.add(b.mul(b.abs(slope), DERIVATIVE_RELATIVE), DERIVATIVE_ABSOLUTE);
  const tilt = exactDerivative ? b.mul(slope, 0) : b.mul(wrong, spanOf(curve));
  return side === 'below'
    ? below(curve, slope, b.sub(height, tilt))
    : above(curve, slope, b.add(height, tilt));
}

/** A convex function lies below its chord and above its tangents. */
export function convexLines(curve: Curve): Lines {
  const { b, x, derivativeAt } = curve;
  const slope = chordSlope(curve, derivativeAt(x.lower), derivativeAt(x.upper));
  const ends = b.max(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  return { lower: tangent(curve, 'below'), upper: above(curve, slope, ends) };
}

/** A concave function lies above its chord and below its tangents. */
export function concaveLines(curve: Curve): Lines {
  const { b, x, derivativeAt } = curve;
  const slope = chordSlope(curve, derivativeAt(x.upper), derivativeAt(x.lower));
  const ends = b.min(heightAt(curve, slope, x.lower), heightAt(curve, slope, x.upper));
  return { lower: below(curve, slope, ends), upper: tangent(curve, 'above') };
}

/**
 * A function whose derivative rises up to 0 and falls behind it, as sigmoids' do. On one side of 0 it
 * is convex or concave; across 0 both lines have the smaller of the ends' derivatives, less which the
 * function still rises: they touch it at the lower and at the upper end.
 */
export function sigmoidLines(curve: Curve): Lines {
  const { b, x, derivativeAt } = curve;
  const least = b.min(derivativeAt(x.lower), derivativeAt(x.upper));
  const slope = b.relu(b.sub(b.mul(least, 1 - DERIVATIVE_RELATIVE), DERIVATIVE_ABSOLUTE));
  const across: Lines = {
    lower: below(curve, slope, heightAt(curve, slope, x.lower)),
    upper: above(curve, slope, heightAt(curve, slope, x.upper)),
  };
  const [rising, falling] = [convexLines(curve), concaveLines(curve)];
  const isConcave = b.greaterOrEqual(x.lower, 0);
  const isConvex = b.greaterOrEqual(0, x.upper);
  const chosen = (side: 'lower' | 'upper'): Line => ({
    slope: b.where(
      isConcave,
      falling[side].slope,
      b.where(isConvex, rising[side].slope, across[side].slope),
    ),
    height: b.where(
      isConcave,
      falling[side].height,
      b.where(isConvex, rising[side].height, across[side].height),
    ),
  });
  return { lower: chosen('lower'), upper: chosen('upper') };
}

/** The slope of the line below a hinge that leaves the smaller area between it and the hinge. */
export function hingeSlope(b: Builder, { lower, upper }: Bounds, flat: number): Node {
  return b.add(b.mul(b.step(b.add(lower, upper)), 1 - flat), flat);
}

/**
 * max(x, s·x) for 0 ≤ s < 1: below the chord, and above the steeper or the flatter of its two pieces,
 * whichever encloses less (Zhang et al. 2018: by which end is farther from 0).
 */
export function hingeLines(curve: Curve, flat: number): Lines {
  const { b, x, centre } = curve;
  const [up, down] = [b.relu(x.upper), b.relu(b.neg(x.lower))];
  const share = b.div(up, b.max(b.add(up, down), 1e-30));
  const slope = b.min(b.add(b.mul(share, 1 - flat), flat), 1);
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
