/**
 * Planes around what takes one of two values: extremes, a choice by a mask, an order. A maximum is one of
 * them plus the ReLU of the difference, and a choice the second plus the mask times the difference, over
 * which lines and products are known.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { peakLines, stepLines } from './cornered-lines.ts';
import { type Bounds, isExact } from './definition.ts';
import { bounded, type Curve, hingeLines, type Line, type Lines } from './lines.ts';
import { outward } from './outward.ts';
import {
  apart,
  chosenPlane,
  elementwisePlanes,
  extent,
  type Plane,
  type PlaneContext,
  type Planes,
} from './planes.ts';

interface Difference {
  readonly bounds: Bounds;
  readonly centre: Node;
  /** How far the centre may be off by rounding, per unit of slope. */
  readonly error: Node;
}

/** x − y, its ends rounded outward. */
function differenceOf(
  b: Builder,
  [x, y]: readonly [Bounds, Bounds],
  centres: readonly Node[],
  exact: boolean,
): Difference {
  const [centreX = x.lower, centreY = y.lower] = centres;
  const ends = { lower: b.sub(x.lower, y.upper), upper: b.sub(x.upper, y.lower) };
  const size = b.add(extent(b, x, centreX), extent(b, y, centreY));
  return {
    bounds: exact ? ends : outward(b, ends),
    centre: b.sub(centreX, centreY),
    error: b.mul(size, exact ? 0 : 2 ** -22),
  };
}

function curveOf(b: Builder, d: Difference, exact: boolean, at: (value: Node) => Node): Curve {
  return {
    b,
    x: d.bounds,
    centre: d.centre,
    at,
    derivativeAt: (value) => b.step(value),
    error: { relative: 0, absolute: 0 },
    derivativeError: { relative: 0, absolute: 0 },
    exact,
  };
}

function twoOf<T>(values: readonly T[]): [T, T] | undefined {
  const [x, y] = values;
  return x !== undefined && y !== undefined ? [x, y] : undefined;
}

/** max(x, y) = y + ReLU(x − y); min(x, y) = x − ReLU(x − y). */
export function extremePlanes(
  context: PlaneContext<'max'> | PlaneContext<'min'>,
  kind: 'max' | 'min',
): Planes | undefined {
  const { b, operands, centres, rounding } = context;
  const [bounds, at] = [twoOf(operands), twoOf(centres)];
  if (!bounds || !at) return undefined;
  const exact = isExact(rounding);
  const d = differenceOf(b, bounds, at, exact);
  const lines = hingeLines(
    curveOf(b, d, exact, (value) => b.relu(value)),
    0,
  );
  const plane = ({ slope, height }: Line): Plane =>
    kind === 'max'
      ? { slopes: [slope, b.sub(1, slope)], height: b.add(at[1], height) }
      : { slopes: [b.sub(1, slope), slope], height: b.sub(at[0], height) };
  const [lower, upper] = kind === 'max' ? [lines.lower, lines.upper] : [lines.upper, lines.lower];
  const ends = [plane(lower), plane(upper)] as const;
  return elementwisePlanes(context, ...apart(b, ...ends, b.mul(d.error, 4)));
}

/** 1 where x > y (or x ≥ y): a step of the difference, whose ends are given. */
export function orderPlanes(
  context: PlaneContext<'greater'> | PlaneContext<'greaterOrEqual'>,
  range: Bounds,
): Planes | undefined {
  return differencePlanes(context, range, stepLines);
}

/** 1 where x = y: a peak of the difference. */
export function equalityPlanes(context: PlaneContext<'equal'>, range: Bounds): Planes | undefined {
  return differencePlanes(context, range, peakLines);
}

function differencePlanes(
  context: PlaneContext<'greater'> | PlaneContext<'greaterOrEqual'> | PlaneContext<'equal'>,
  range: Bounds,
  around: typeof stepLines,
): Planes | undefined {
  const { b, operands, centres, rounding } = context;
  const bounds = twoOf(operands);
  if (!bounds) return undefined;
  const exact = isExact(rounding);
  const d = differenceOf(b, bounds, centres, exact);
  const curve = curveOf(b, d, exact, (value) => b.step(value));
  const lines: Lines = bounded(b, d.bounds, around(curve, range, 0), range);
  const plane = ({ slope, height }: Line, side: 1 | -1): Plane => ({
    slopes: [slope, b.neg(slope)],
    height: b.sub(height, b.mul(b.mul(b.abs(slope), d.error), side)),
  });
  return elementwisePlanes(context, plane(lines.lower, 1), plane(lines.upper, -1));
}

/** The mask's ends as it is used: 0 or 1. */
function maskEnds(b: Builder, mask: Bounds): Bounds {
  return { lower: b.greater(mask.lower, 0.5), upper: b.greater(mask.upper, 0.5) };
}

/** y + mask·(x − y), by the tangent plane of the product that depends on the mask less. */
export function choicePlanes(context: PlaneContext<'where'>): Planes | undefined {
  const { b, operands, centres, rounding } = context;
  const [mask, x, y] = operands;
  const [centreMask, centreX, centreY] = centres;
  if (!mask || !x || !y || !centreMask || !centreX || !centreY) return undefined;
  const exact = isExact(rounding);
  const d = differenceOf(b, [x, y], [centreX, centreY], exact);
  const { lower: m0, upper: m1 } = maskEnds(b, mask);
  const open = b.sub(m1, m0);
  // m·d between the planes m₁·d + d₁·(m − m₁), m₁ and d₁ ends of the mask and of the difference.
  const plane = (end: Node, slope: Node): Plane => {
    // Where the mask is sure it does not move.
    const along = b.mul(slope, open);
    const product = b.add(b.mul(end, d.centre), b.mul(along, b.sub(centreMask, end)));
    return { slopes: [along, end, b.sub(1, end)], height: b.add(centreY, product) };
  };
  const { lower: least, upper: most } = d.bounds;
  const steeper = b.greater(b.abs(least), b.abs(most));
  const lower = chosenPlane(b, steeper, plane(m1, most), plane(m0, least));
  const upper = chosenPlane(b, steeper, plane(m0, most), plane(m1, least));
  return elementwisePlanes(context, ...apart(b, lower, upper, b.mul(d.error, 4)));
}
