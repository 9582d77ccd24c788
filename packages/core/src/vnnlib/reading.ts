/**
 * What a numeral of a query stands for. It has the type of the variable it is compared with, so a proof
 * must hold for its exact value and for the float it rounds to: `outward` is the interval between its
 * neighbours, which holds both. A search looks for a witness of the rounded query: `nearest`.
 */
import { neighboursOf, parseDecimal, type Precision } from '../tensor/decimal.ts';
import { addDown, addUp, timesDown, timesUp } from '../tensor/float64.ts';
import type { Constant } from './query.ts';
import { quoted } from './vnnlib-error.ts';

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Raises a typed error at an offset of the query. */
export type Fail = (reason: 'invalid' | 'unsupported', message: string, at: number) => never;

export const point = (value: number): Interval => ({ lower: value, upper: value });
export const [zero, one, minusOne] = [point(0), point(1), point(-1)];

export function plus(a: Interval, b: Interval): Interval {
  if (a === zero) return b;
  if (b === zero) return a;
  return { lower: addDown(a.lower, b.lower), upper: addUp(a.upper, b.upper) };
}

export function negative(a: Interval): Interval {
  // 0 − x, because −0 would be a zero of another name.
  return { lower: 0 - a.upper, upper: 0 - a.lower };
}

export function times(a: Interval, b: Interval): Interval {
  if (a === one) return b;
  if (b === one) return a;
  const pairs = [
    [a.lower, b.lower],
    [a.lower, b.upper],
    [a.upper, b.lower],
    [a.upper, b.upper],
  ] as const;
  return {
    lower: Math.min(...pairs.map(([x, y]) => timesDown(x, y))),
    upper: Math.max(...pairs.map(([x, y]) => timesUp(x, y))),
  };
}

export type Constants = 'outward' | 'nearest';

export class Reading {
  private readonly known = new Map<string, Interval>();
  private readonly precision: Precision;
  private readonly constants: Constants;
  private readonly fail: Fail;

  constructor(precision: Precision, constants: Constants, fail: Fail) {
    this.precision = precision;
    this.constants = constants;
    this.fail = fail;
  }

  of({ text, at }: Constant): Interval {
    const known = this.known.get(text);
    if (known) return known;
    const value = parseDecimal(text);
    if (!value) {
      this.fail('unsupported', `${quoted(text)} has more digits than a constant may have`, at);
    }
    const { precision } = this;
    const { down, up, nearest } = neighboursOf(value, precision);
    const isNearest = this.constants === 'nearest';
    const [lower, upper] = isNearest ? [nearest, nearest] : [down, up];
    if (!Number.isFinite(lower) || !Number.isFinite(upper)) {
      this.fail('unsupported', `${quoted(text)} is beyond the numbers of ${precision}`, at);
    }
    const interval = { lower, upper };
    this.known.set(text, interval);
    return interval;
  }
}
