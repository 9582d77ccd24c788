/**
 * Lines around functions made of straight pieces: clips and steps. They come nearest at corners, so any slope
 * has its height exactly; slopes support the hull of the corners in the middle of the interval.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import type { Bounds } from './definition.ts';
import {
  above,
  below,
  chosenLines,
  type Curve,
  heightThrough,
  type Line,
  type Lines,
  middleOf,
} from './lines.ts';

interface Point {
  readonly x: Node;
  readonly y: Node;
}

const clamped = (b: Builder, value: Node | number, { lower, upper }: Bounds): Node =>
  b.min(b.max(value, lower), upper);

/** The slope from one point to a later one; 0 where they are the same. */
function slopeOf(b: Builder, from: Point, to: Point): Node {
  return b.div(b.sub(to.y, from.y), b.max(b.sub(to.x, from.x), 1e-30));
}

function lineBelow(curve: Curve, slope: Node, points: readonly Point[]): Line {
  const { b } = curve;
  const heights = points.map(({ x, y }) => heightThrough(curve, slope, x, y));
  const least = heights.reduce((a, h) => b.min(a, h));
  return below(curve, slope, least);
}

function lineAbove(curve: Curve, slope: Node, points: readonly Point[]): Line {
  const { b } = curve;
  const heights = points.map(({ x, y }) => heightThrough(curve, slope, x, y));
  const most = heights.reduce((a, h) => b.max(a, h));
  return above(curve, slope, most);
}

/** Flat up to `start`, rising to `end`, flat behind; either may be infinite. */
export function clipLines(curve: Curve, start: number, end: number): Lines {
  const { b, x, at } = curve;
  const point = (value: Node): Point => ({ x: value, y: at(value) });
  const [low, high] = [point(x.lower), point(x.upper)];
  const rise = Number.isFinite(start) ? point(clamped(b, start, x)) : low;
  const fall = Number.isFinite(end) ? point(clamped(b, end, x)) : high;
  const middle = middleOf(curve);
  const points = [low, rise, fall, high];
  const lowerSlope = b.mul(slopeOf(b, rise, high), b.greater(middle, rise.x));
  const upperSlope = b.mul(slopeOf(b, low, fall), b.greaterOrEqual(fall.x, middle));
  return {
    lower: lineBelow(curve, lowerSlope, points),
    upper: lineAbove(curve, upperSlope, points),
  };
}

/** x above 0 and slope·x below it, for a slope less than 0 or more than 1. */
export function kinkLines(curve: Curve, slope: number): Lines {
  const { b, x, at } = curve;
  const point = (value: Node): Point => ({ x: value, y: at(value) });
  const [low, high] = [point(x.lower), point(x.upper)];
  const points = [low, point(clamped(b, 0, x)), high];
  const chord = slopeOf(b, low, high);
  const piece = b.where(b.greater(middleOf(curve), 0), 1, slope);
  return {
    lower: lineBelow(curve, slope < 1 ? piece : chord, points),
    upper: lineAbove(curve, slope < 1 ? chord : piece, points),
  };
}

/**
 * A step from the lower to the upper end of the range at some place in the interval; what the value is
 * there makes no difference. Lines hold if the step is not in the interval too.
 */
export function stepLines(curve: Curve, range: Bounds, place: Node | number): Lines {
  const { b, x } = curve;
  const at = clamped(b, place, x);
  const [low, high] = [
    { x: x.lower, y: range.lower },
    { x: x.upper, y: range.upper },
  ];
  const [foot, head] = [
    { x: at, y: range.lower },
    { x: at, y: range.upper },
  ];
  const middle = middleOf(curve);
  const wide = isWide(curve);
  const lowerSlope = b.mul(slopeOf(b, foot, high), b.mul(wide, b.greater(middle, at)));
  const upperSlope = b.mul(slopeOf(b, low, head), b.mul(wide, b.greater(at, middle)));
  return {
    lower: lineBelow(curve, lowerSlope, [low, foot, high]),
    upper: lineAbove(curve, upperSlope, [low, head, high]),
  };
}

/** Lines of what is 0 but at one place, where it is the upper end of the range: flat below, a roof above. */
export function peakLines(curve: Curve, range: Bounds, place: Node | number): Lines {
  const { b, x } = curve;
  const at = clamped(b, place, x);
  const none = b.mul(at, 0);
  const points = [
    { x: x.lower, y: none },
    { x: at, y: range.upper },
    { x: x.upper, y: none },
  ] as const;
  const [low, top, high] = points;
  const wide = isWide(curve);
  const rises = b.mul(slopeOf(b, low, top), b.greater(at, middleOf(curve)));
  const falls = b.mul(slopeOf(b, top, high), b.greater(middleOf(curve), at));
  return {
    lower: below(curve, none, range.lower),
    upper: lineAbove(curve, b.mul(b.add(rises, falls), wide), points),
  };
}

/** Slopes over intervals that are little but rounding would grow without limit. */
function isWide({ b, x }: Curve): Node {
  const size = b.add(b.abs(x.lower), b.abs(x.upper));
  return b.greater(b.sub(x.upper, x.lower), b.add(b.mul(size, 2 ** -16), 2 ** -60));
}

/**
 * Rounding to whole numbers, x − down ≤ f(x) ≤ x + up: these two lines where several steps are crossed (they
 * touch every corner), those of a step where it is one, flat ones where it is none. `first` gives the place
 * of the only step from f's values at the ends.
 */
export function roundingLines(
  curve: Curve,
  { down, up }: { readonly down: number; readonly up: number },
  first: (b: Builder, low: Node, high: Node) => Node,
): Lines {
  const { b, x, at, centre } = curve;
  const range = { lower: at(x.lower), upper: at(x.upper) };
  const one = b.scalar(1);
  const steep: Lines = {
    lower: below(curve, one, b.sub(centre, down)),
    upper: above(curve, one, b.add(centre, up)),
  };
  const several = b.greater(b.sub(range.upper, range.lower), 1.5);
  const single = stepLines(curve, range, first(b, range.lower, range.upper));
  return chosenLines(b, several, steep, single);
}
