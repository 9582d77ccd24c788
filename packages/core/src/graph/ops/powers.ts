/** Powers, roots, exponentials and absolute values. */
import { floats } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { isPoint, type OpDefinition } from './definition.ts';
import {
  approximated,
  elementwise,
  type EvaluationError,
  pole,
  rounded,
  valley,
} from './elementwise.ts';
import { oddPowerLines } from './bent-lines.ts';
import { concaveLines, convexLines, type Curve, type Lines, poleLines } from './lines.ts';
import { TINY } from './outward.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    exp: object;
    log: object;
    sqrt: object;
    reciprocal: object;
    abs: object;
    /** A constant exponent; negative bases need a whole one. */
    pow: { readonly exponent: number };
  }
}

type Power = 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs' | 'pow';

/** x to a constant exponent, by the simplest op there is for it. */
export function power(b: Builder, x: Node, exponent: number): Node {
  switch (exponent) {
    case 0:
      return b.expand(b.scalar(1), x.shape);
    case 1:
      return x;
    case 2:
      return b.mul(x, x);
    case 0.5:
      return b.sqrt(x);
    case -1:
      return b.reciprocal(x);
    default:
      return b.push('pow', [x], { exponent: Math.fround(exponent) });
  }
}

/**
 * A small whole exponent is a few products. Any other may be computed as e^(p·ln x): the rounding of
 * p·ln x, at most 104 for a float32 result, is the result's relative error.
 */
function powerError({ exponent }: { readonly exponent: number }): EvaluationError {
  const few = Number.isInteger(exponent) && Math.abs(exponent) <= 8;
  return { relative: few ? 2 ** -19 : 2 ** -15, absolute: 2 * TINY };
}

/** Fractional powers live above 0, where whole ones are convex too; odd ones are odd functions. */
function powerLines(curve: Curve, { exponent }: { readonly exponent: number }): Lines {
  const odd = Number.isInteger(exponent) && exponent % 2 !== 0;
  if (!odd) return exponent > 0 && exponent < 1 ? concaveLines(curve) : convexLines(curve);
  if (exponent < 0) return poleLines(curve);
  // −xⁿ has the slope k < 0 below 0 at x = −(−k/n)^(1/(n − 1)).
  return oddPowerLines(curve, {
    inverse: (b, k) => b.neg(power(b, b.relu(b.mul(k, -1 / exponent)), 1 / (exponent - 1))),
  });
}

export const powers: { readonly [K in Power]: OpDefinition<K> } = {
  exp: elementwise<'exp'>({
    onnx: 'Exp',
    lines: convexLines,
    derivativeError: { relative: 2 ** -19, absolute: 2 * TINY },
    derivative: (_b, _x, y) => y,
    error: { relative: 2 ** -19, absolute: 2 * TINY },
  }),
  log: elementwise<'log'>({
    onnx: 'Log',
    derivative: (b, x) => b.reciprocal(x),
    error: approximated,
    derivativeError: rounded,
    lines: concaveLines,
  }),
  sqrt: elementwise<'sqrt'>({
    onnx: 'Sqrt',
    partial: () => true,
    derivative: (b, _x, y) => b.mul(b.reciprocal(y), 0.5),
    error: rounded,
    derivativeError: rounded,
    lines: concaveLines,
  }),
  reciprocal: elementwise<'reciprocal'>({
    onnx: 'Reciprocal',
    derivative: (b, _x, y) => b.neg(b.mul(y, y)),
    error: rounded,
    derivativeError: { relative: 2 ** -19, absolute: 2 * TINY },
    lines: poleLines,
    ends: pole,
  }),
  abs: elementwise<'abs'>({
    steepest: 1,
    onnx: 'Abs',
    lines: convexLines,
    derivative: (b, x) => b.sign(x),
    ends: (b, { lower, upper }, at) =>
      isPoint({ lower, upper })
        ? { lower: at(lower), upper: at(lower) }
        : {
            lower: b.max(b.max(lower, b.neg(upper)), 0),
            upper: b.max(at(lower), at(upper)),
          },
  }),
  pow: elementwise<'pow'>({
    onnx: (e, x, { exponent }) => e.node('Pow', [x, e.constant(floats([exponent], []))]),
    derivative: (b, x, _y, { exponent }) => b.mul(power(b, x, exponent - 1), exponent),
    partial: ({ exponent }) => !Number.isInteger(exponent),
    error: powerError,
    derivativeError: (attributes) => ({
      relative: 2 * powerError(attributes).relative,
      absolute: Math.abs(attributes.exponent) * 4 * TINY,
    }),
    lines: powerLines,
    ends: (b, bounds, at, { exponent }) => {
      if (exponent < 0) return pole(b, bounds, at);
      // Odd and fractional powers increase; the latter are NaN below 0, which proves nothing.
      if (exponent % 2 !== 0) return { lower: at(bounds.lower), upper: at(bounds.upper) };
      return valley<'pow'>(0, 0)(b, bounds, at, { exponent });
    },
  }),
};
