/** Sine and cosine. */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { type Bounds, isPoint, type OpDefinition } from './definition.ts';
import { waveLines } from './wave-lines.ts';
import { approximated, elementwise, type Ends } from './elementwise.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    sin: object;
    cos: object;
  }
}

type Trigonometric = 'sin' | 'cos';

/**
 * 1 where the interval holds a number 2π(k − phase), k whole, or comes within rounding of it. From
 * |x| of some 10⁶ on, where that is more than a turn, it always is.
 */
function holdsTurn(b: Builder, { lower, upper }: Bounds, phase: number): Node {
  const slack = (turns: Node): Node => b.add(b.mul(b.abs(turns), 2 ** -21), 2 ** -21);
  const [from, to] = [b.mul(lower, 1 / (2 * Math.PI)), b.mul(upper, 1 / (2 * Math.PI))];
  const low = b.sub(b.add(from, phase), slack(from));
  const high = b.add(b.add(to, phase), slack(to));
  return b.greaterOrEqual(b.push('floor', [high], {}), low);
}

/** Extremes ±1 where the interval holds one, else the ends. Phases are in turns. */
function waveEnds<K extends Trigonometric>(crest: number, trough: number): Ends<K> {
  return (b, bounds, at) => {
    const [low, high] = [at(bounds.lower), at(bounds.upper)];
    if (isPoint(bounds)) return { lower: low, upper: high };
    return {
      lower: b.where(holdsTurn(b, bounds, trough), -1, b.min(low, high)),
      upper: b.where(holdsTurn(b, bounds, crest), 1, b.max(low, high)),
    };
  };
}

export const trigonometric: { readonly [K in Trigonometric]: OpDefinition<K> } = {
  sin: elementwise<'sin'>({
    steepest: 1,
    onnx: 'Sin',
    derivative: (b, x) => b.push('cos', [x], {}),
    error: approximated,
    derivativeError: approximated,
    lines: (curve) => waveLines(curve, -0.25),
    ends: waveEnds(-0.25, 0.25),
  }),
  cos: elementwise<'cos'>({
    steepest: 1,
    onnx: 'Cos',
    derivative: (b, x) => b.neg(b.push('sin', [x], {})),
    error: approximated,
    derivativeError: approximated,
    lines: (curve) => waveLines(curve, 0.5),
    ends: waveEnds(0, 0.5),
  }),
};
