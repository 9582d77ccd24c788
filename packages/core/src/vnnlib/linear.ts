/**
 * An expression as Σ cᵢ·vᵢ + k, with intervals for cᵢ and k that hold every reading of the numerals.
 * A product of two variables has no such form and is refused by name.
 */
import type { Expression } from './query.ts';
import {
  type Fail,
  type Interval,
  minusOne,
  one,
  plus,
  type Reading,
  times,
  zero,
} from './reading.ts';

export interface Linear {
  /** Coefficients by variable; one that cancelled may be an exact zero. */
  readonly terms: Map<number, Interval>;
  readonly constant: Interval;
}

interface Sum {
  readonly terms: Map<number, Interval>;
  constant: Interval;
}

/** left − right. */
export function differenceOf(
  left: Expression,
  right: Expression,
  reading: Reading,
  fail: Fail,
): Linear {
  const sum: Sum = { terms: new Map(), constant: zero };
  accumulate(sum, left, one, reading, fail);
  accumulate(sum, right, minusOne, reading, fail);
  for (const [variable, { lower, upper }] of sum.terms) {
    if (lower === 0 && upper === 0) sum.terms.delete(variable);
  }
  return sum;
}

function accumulate(
  sum: Sum,
  expression: Expression,
  scale: Interval,
  reading: Reading,
  fail: Fail,
): void {
  switch (expression.kind) {
    case 'variable':
      add(sum, expression.index, scale);
      return;
    case 'constant':
      sum.constant = plus(sum.constant, times(scale, reading.of(expression)));
      return;
    case 'sum': {
      const opposite = times(scale, minusOne);
      for (const { sign, expression: part } of expression.terms) {
        accumulate(sum, part, sign === 1 ? scale : opposite, reading, fail);
      }
      return;
    }
    case 'product': {
      let factor = scale;
      let linear: Sum | null = null;
      for (const part of expression.factors) {
        const own: Sum = { terms: new Map(), constant: zero };
        accumulate(own, part, one, reading, fail);
        if (own.terms.size === 0) factor = times(factor, own.constant);
        else if (linear === null) linear = own;
        else {
          fail(
            'unsupported',
            'a product of variables: Glacis decides linear queries',
            expression.at,
          );
        }
      }
      const constant = linear?.constant ?? one;
      for (const [variable, own] of linear?.terms ?? []) add(sum, variable, times(factor, own));
      sum.constant = plus(sum.constant, times(factor, constant));
    }
  }
}

function add({ terms }: Sum, variable: number, coefficient: Interval): void {
  const before = terms.get(variable);
  terms.set(variable, before ? plus(before, coefficient) : coefficient);
}
