/**
 * Planes around products and quotients of two values (McCormick 1976): x·y lies above its tangent planes at
 * the corners where both are least or both greatest, and below those at the other two.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { type Bounds, type RoundingModel, isExact } from './definition.ts';
import { pole } from './elementwise.ts';
import {
  bounded,
  chosen,
  convexLines,
  type Curve,
  type Line,
  type Lines,
  poleLines,
} from './lines.ts';
import { magnitude, outward, TINY } from './outward.ts';
import {
  apart,
  chosenPlane,
  elementwisePlanes,
  extent,
  fewRoundings,
  type Plane,
  type PlaneContext,
  type Planes,
} from './planes.ts';

export interface Factor {
  readonly bounds: Bounds;
  readonly centre: Node;
}

/** The plane that touches x·y where x or y is at a corner's place: slopes y₀ and x₀. */
function cornerPlane(b: Builder, [x, y]: readonly [Factor, Factor], x0: Node, y0: Node): Plane {
  const apartness = b.mul(b.sub(x.centre, x0), b.sub(y.centre, y0));
  return { slopes: [y0, x0], height: b.sub(b.mul(x.centre, y.centre), apartness) };
}

/** A plane's least value over the box. */
function leastOf(b: Builder, factors: readonly [Factor, Factor], plane: Plane): Node {
  return plane.slopes.reduce((sum, slope, i) => {
    const { bounds, centre } = factors[i === 0 ? 0 : 1];
    const [down, up] = [b.sub(bounds.lower, centre), b.sub(bounds.upper, centre)];
    return b.add(sum, b.min(b.mul(slope, down), b.mul(slope, up)));
  }, plane.height);
}

const flipped = (b: Builder, { slopes, height }: Plane): Plane => ({
  slopes: slopes.map((slope) => b.neg(slope)),
  height: b.neg(height),
});

/** Values closer than this share of them are equal but for rounding. */
const EQUAL = 2 ** -16;

/**
 * Of two planes below the one whose least value over the box is greater; of two above, the opposite. The
 * second where they are equal, as those above a product of factors of one sign always are: rounding is
 * not to decide.
 */
function better(
  b: Builder,
  factors: readonly [Factor, Factor],
  [first, second]: readonly [Plane, Plane],
  side: 'below' | 'above',
): Plane {
  const seen = (plane: Plane): Plane => (side === 'below' ? plane : flipped(b, plane));
  const [own, other] = [leastOf(b, factors, seen(second)), leastOf(b, factors, seen(first))];
  const mask = b.greaterOrEqual(b.add(own, b.mul(b.abs(own), EQUAL)), other);
  return chosenPlane(b, mask, second, first);
}

/** Planes below and above x·y, rounding included; slopes are those of x and of y. */
export function productPlanes(
  b: Builder,
  rounding: RoundingModel,
  factors: readonly [Factor, Factor],
): [lower: Plane, upper: Plane] {
  const [x, y] = factors;
  const corner = (x0: Node, y0: Node): Plane => cornerPlane(b, factors, x0, y0);
  const [xs, ys] = [x.bounds, y.bounds];
  const lower = better(
    b,
    factors,
    [corner(xs.lower, ys.lower), corner(xs.upper, ys.upper)],
    'below',
  );
  const upper = better(
    b,
    factors,
    [corner(xs.lower, ys.upper), corner(xs.upper, ys.lower)],
    'above',
  );
  const size = b.mul(extent(b, xs, x.centre), extent(b, ys, y.centre));
  return apart(b, lower, upper, fewRoundings(b, rounding, b.mul(size, 4)));
}

/** x·x bends one way: its chord and its tangent, as planes of two operands that are the same. */
export function squarePlanes(context: PlaneContext<'mul'>): Planes | undefined {
  const { b, operands, centres, rounding } = context;
  const [x, centre] = [operands[0], centres[0]];
  if (!x || !centre) return undefined;
  const curve: Curve = {
    b,
    x,
    centre,
    at: (value) => b.mul(value, value),
    derivativeAt: (value) => b.mul(value, 2),
    error: { relative: rounding.gamma(1), absolute: rounding.tiny(1) },
    derivativeError: { relative: 0, absolute: 0 },
    exact: isExact(rounding),
  };
  const { lower, upper }: Lines = convexLines(curve);
  const none = b.mul(centre, 0);
  const plane = ({ slope, height }: Line): Plane => ({ slopes: [slope, none], height });
  return elementwisePlanes(context, plane(lower), plane(upper));
}

/**
 * Planes around x/y, y on one side of 0: x times its reciprocal, which is convex or concave. A slope of the
 * product in the reciprocal becomes one in y by the reciprocal's line on the side of that slope.
 */
export function quotientPlanes(context: PlaneContext<'div'>): Planes | undefined {
  const { b, operands, centres, rounding } = context;
  const [x, y] = operands;
  const [centreX, centreY] = centres;
  if (!x || !y || !centreX || !centreY) return undefined;
  const exact = isExact(rounding);
  const curve: Curve = {
    b,
    x: y,
    centre: centreY,
    at: (value) => b.reciprocal(value),
    derivativeAt: (value) => b.neg(b.mul(b.reciprocal(value), b.reciprocal(value))),
    error: { relative: 2 ** -22, absolute: 2 * TINY },
    derivativeError: { relative: 2 ** -21, absolute: 2 * TINY },
    exact,
  };
  const range = pole(b, y, curve.at);
  const ends = exact ? range : outward(b, range);
  const lines = bounded(b, y, poleLines(curve), ends);
  // Any place serves as the reciprocal's centre: where its two lines meet the middle.
  const middle = b.add(b.mul(lines.lower.height, 0.5), b.mul(lines.upper.height, 0.5));
  const factors = [
    { bounds: x, centre: centreX },
    { bounds: ends, centre: middle },
  ] as const;
  const [lower, upper] = productPlanes(b, rounding, factors);
  const through = (plane: Plane, side: 'below' | 'above'): Plane => {
    const [alongX, alongReciprocal] = plane.slopes;
    if (!alongX || !alongReciprocal) return plane;
    const up = b.greater(alongReciprocal, 0);
    const line =
      side === 'below'
        ? chosen(b, up, lines.lower, lines.upper)
        : chosen(b, up, lines.upper, lines.lower);
    return {
      slopes: [alongX, b.mul(alongReciprocal, line.slope)],
      height: b.add(plane.height, b.mul(alongReciprocal, b.sub(line.height, middle))),
    };
  };
  const [below, above] = [through(lower, 'below'), through(upper, 'above')];
  const way = b.max(b.abs(b.sub(y.upper, centreY)), b.abs(b.sub(centreY, y.lower)));
  const steepest = b.max(b.abs(lines.lower.slope), b.abs(lines.upper.slope));
  const size = b.mul(extent(b, x, centreX), b.add(magnitude(b, ends), b.mul(steepest, way)));
  return elementwisePlanes(
    context,
    ...apart(b, below, above, fewRoundings(b, rounding, b.mul(size, 4))),
  );
}

/** Planes around a product, element by element. */
export function multiplicationPlanes(context: PlaneContext<'mul'>): Planes | undefined {
  const { b, node, rounding } = context;
  if (node.operands[0] === node.operands[1]) return squarePlanes(context);
  const factors = factorsOf(context);
  return factors && elementwisePlanes(context, ...productPlanes(b, rounding, factors));
}

function factorsOf({ operands, centres }: PlaneContext<'mul'>): [Factor, Factor] | undefined {
  const [x, y] = operands;
  const [centreX, centreY] = centres;
  if (!x || !y || !centreX || !centreY) return undefined;
  return [
    { bounds: x, centre: centreX },
    { bounds: y, centre: centreY },
  ];
}
