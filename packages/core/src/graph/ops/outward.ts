/**
 * Outward rounding of computed ends, shared by the families' range rules. Everything here is written
 * in float32 graph ops; the constants leave room for the rounding of these few ops themselves.
 */
import type { Builder } from '../builder.ts';
import type { Node, OpName } from '../graph.ts';
import { type Bounds, isPoint, type RangeContext } from './definition.ts';

/** Twice the unit roundoff of float32 times two: covers a couple of correctly rounded operations. */
export const FEW_ULPS = 2 ** -22;
/** Smallest normal float32: the absolute error of an operation that underflows. */
export const TINY = 2 ** -126;

/** [lower − e, upper + e] with e = relative·|end| + absolute, taken end by end. */
export function outward(b: Builder, bounds: Bounds, relative = FEW_ULPS, absolute = TINY): Bounds {
  const slack = (end: Node): Node => b.add(b.mul(b.abs(end), relative), absolute);
  return {
    lower: b.sub(bounds.lower, slack(bounds.lower)),
    upper: b.add(bounds.upper, slack(bounds.upper)),
  };
}

/** [lower − error, upper + error], the sums themselves rounded outward. */
export function outwardBy(b: Builder, bounds: Bounds, error: Node): Bounds {
  return outward(b, { lower: b.sub(bounds.lower, error), upper: b.add(bounds.upper, error) });
}

/** max |x| over the bounds. */
export function magnitude(b: Builder, bounds: Bounds): Node {
  return isPoint(bounds) ? b.abs(bounds.lower) : b.max(b.abs(bounds.lower), b.abs(bounds.upper));
}

/** Rounding of one sum or product inside a region that a runtime may fuse: γ·magnitude + tiny. */
export function fusedError<K extends OpName>(
  { b, rounding, fused }: RangeContext<K>,
  magnitudeOfTerms: Node,
): Node {
  return b.add(b.mul(magnitudeOfTerms, rounding.gamma(fused)), rounding.tiny(fused));
}

/**
 * Range of a bilinear map over two boxes in centre and radius form:
 * |a·b − c_a·c_b| ≤ r_a·(|c_b| + r_b) + |c_a|·r_b, plus rounding γ·(|a|·|b|) and underflow.
 * A point operand has radius 0 and costs nothing.
 */
export function bilinearRange<K extends OpName>(
  context: RangeContext<K>,
  terms: number,
  apply: (a: Node, b: Node) => Node,
): Bounds {
  const { b, rounding } = context;
  const [first, second] = context.operands;
  if (!first || !second) throw new RangeError('a bilinear map has two operands');
  const n = Math.max(terms, context.fused);
  const x = centred(b, first);
  const y = centred(b, second);
  const absX = b.abs(x.centre);
  const absY = b.abs(y.centre);
  const centre = apply(x.centre, y.centre);
  const gamma = rounding.gamma(n);
  const inflate = (size: Node): Node => b.mul(size, gamma);
  const inflated = (radius: Node, size: Node): Node =>
    gamma === 0 ? radius : b.add(radius, inflate(b.add(size, radius)));
  let radius: Node;
  if (x.radius && !y.radius) {
    radius = apply(inflated(x.radius, absX), absY);
  } else if (y.radius && !x.radius) {
    radius = apply(absX, inflated(y.radius, absY));
  } else if (x.radius && y.radius) {
    const reachX = b.add(absX, x.radius);
    const reachY = b.add(absY, y.radius);
    radius = b.add(
      b.add(apply(x.radius, reachY), apply(absX, y.radius)),
      inflate(apply(reachX, reachY)),
    );
  } else {
    radius = inflate(apply(absX, absY));
  }
  // FEW_ULPS of both cover the sums that follow.
  const own = b.add(b.mul(b.abs(centre), FEW_ULPS), rounding.tiny(n) + 2 * TINY);
  const error = b.add(b.mul(radius, (1 + 2 * gamma) * (1 + 4 * FEW_ULPS)), own);
  return { lower: b.sub(centre, error), upper: b.add(centre, error) };
}

/** Centre and an outward radius; no radius for a point. */
export function centred(b: Builder, bounds: Bounds): { centre: Node; radius: Node | undefined } {
  if (isPoint(bounds)) return { centre: bounds.lower, radius: undefined };
  const centre = b.add(b.mul(bounds.lower, 0.5), b.mul(bounds.upper, 0.5));
  const half = b.max(b.sub(bounds.upper, centre), b.sub(centre, bounds.lower));
  const radius = b.add(b.mul(half, 1 + FEW_ULPS), b.add(b.mul(b.abs(centre), FEW_ULPS), TINY));
  return { centre, radius };
}
