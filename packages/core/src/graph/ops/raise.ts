/**
 * One value to the power of another. A negative base has a power where the exponent is whole only, and
 * then no slope in the exponent: no number beside it gives one.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { broadcastType } from './arithmetic.ts';
import { type Bounds, isPoint, type OpDefinition } from './definition.ts';
import { holds, orZero } from './elementwise.ts';
import { outward, TINY } from './outward.ts';
import { pair } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** Operands base and exponent, which broadcast. */
    raise: object;
  }
}

const raised = (b: Builder, base: Node, exponent: Node): Node =>
  b.push('raise', [base, exponent], {});

/** y − 1; 1 for y = 0. A constant stays one: its wholeness survives no rounding of ends. */
function oneLess(b: Builder, exponent: Node): Node {
  if (exponent.op === 'constant') {
    const { data, shape } = exponent.attributes.tensor;
    const exponents = Array.from(data as ArrayLike<number>, Number);
    return b.floats(
      exponents.map((y) => (y === 0 ? 1 : y - 1)),
      shape,
    );
  }
  return b.where(b.equal(exponent, b.scalar(0)), 1, b.sub(exponent, 1));
}

/** ∂xʸ/∂x = y·xʸ⁻¹. For y = 0 it is 0, at x = 0 too, where x⁻¹ has no value: x stands for it. */
function slopeInBase(b: Builder, base: Node, exponent: Node): Node {
  return orZero(b, b.mul(raised(b, base, oneLess(b, exponent)), exponent));
}

/** ∂xʸ/∂y = xʸ·ln x; 0 where x is 0 (its limit for y > 0), negative, or x and xʸ no numbers. */
function slopeInExponent(b: Builder, base: Node, power: Node): Node {
  return orZero(b, b.mul(power, b.log(b.where(b.greater(base, 0), base, 1))));
}

/** Whole numbers up to here have their neighbours in float32. */
const MOST_WHOLE = 2 ** 23;

/**
 * Ends over a base that may be negative, of an exponent that is a point: an odd power rises, an even
 * one is a valley, one that is no whole number or has a pole inside has no bound.
 */
function endsOfPoint(b: Builder, base: Bounds, exponent: Node, { lower, upper }: Bounds): Bounds {
  const half = b.mul(exponent, 0.5);
  const floor = (x: Node): Node => b.push('floor', [x], {});
  const whole = b.min(
    b.equal(exponent, floor(exponent)),
    b.greaterOrEqual(MOST_WHOLE, b.abs(exponent)),
  );
  const even = b.equal(half, floor(half));
  const around = holds(b, base, 0);
  const bounded = b.min(whole, b.max(b.greaterOrEqual(exponent, 0), b.greater(0.5, around)));
  const bottom = b.min(b.min(even, around), b.greater(exponent, 0));
  return {
    lower: b.where(bounded, b.where(bottom, b.min(0, lower), lower), -Infinity),
    upper: b.where(bounded, upper, Infinity),
  };
}

function ends(b: Builder, base: Bounds, exponent: Bounds): Bounds {
  const corners = [base.lower, base.upper].flatMap((x) =>
    [exponent.lower, exponent.upper].map((y) => raised(b, x, y)),
  );
  const [corner, ...others] = new Set(corners);
  if (!corner) throw new RangeError('a box has no corner');
  if (isPoint(base) && isPoint(exponent)) return { lower: corner, upper: corner };
  // It is monotone in either, the other held: the ends are at corners.
  const lower = others.reduce((least, value) => b.min(least, value), corner);
  const upper = others.reduce((most, value) => b.max(most, value), corner);
  const risesFromZero = b.min(b.greaterOrEqual(base.lower, 0), b.greater(exponent.lower, 0));
  const proper = b.max(b.greater(base.lower, 0), risesFromZero);
  const otherwise = isPoint(exponent)
    ? endsOfPoint(b, base, exponent.lower, { lower, upper })
    : { lower: b.scalar(-Infinity), upper: b.scalar(Infinity) };
  return {
    lower: b.where(proper, lower, otherwise.lower),
    upper: b.where(proper, upper, otherwise.upper),
  };
}

/**
 * It may be computed as e^(y·ln x): two roundings of y·ln x, at most 104 for a float32 result, are the
 * result's relative error; once in the network, once in the bound.
 */
const ERROR = { relative: 2 ** -14, absolute: 2 * TINY };

export const raise: { readonly raise: OpDefinition<'raise'> } = {
  raise: {
    kind: 'coupled',
    flat: 'neither convex nor concave in base and exponent together',
    infer: (_, operands) => broadcastType(operands),
    emit: (e, _node, operands) =>
      e.node(
        'Pow',
        operands.map((operand) => e.nameOf(operand)),
      ),
    gradient: ({ b, operands, output, cotangent }, i) => {
      const [base, exponent] = pair(operands);
      return i === 0
        ? b.sumTo(b.mul(cotangent, slopeInBase(b, base, exponent)), base.shape)
        : b.sumTo(b.mul(cotangent, slopeInExponent(b, base, output)), exponent.shape);
    },
    range: ({ b, operands }) => {
      const [base, exponent] = pair(operands);
      return outward(b, ends(b, base, exponent), ERROR.relative, ERROR.absolute);
    },
  },
};
