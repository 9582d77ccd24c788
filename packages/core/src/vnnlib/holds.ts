/**
 * Whether values of all variables satisfy a query: what makes a witness one. Numerals are the nearest
 * floats of the variables' type; sums, products and comparisons are exact, without any tolerance.
 */
import type { Precision } from '../tensor/decimal.ts';
import { compare, dyadic, type Dyadic, opposite, product, sum } from './dyadic.ts';
import type { Comparison, Expression, Formula, Query } from './query.ts';
import { Reading } from './reading.ts';
import { VnnlibError } from './vnnlib-error.ts';

/**
 * `values` are those of the joint vector: all inputs, then hidden nodes and outputs. Values that are not
 * finite satisfy nothing. `precision` is the type of the networks' values (default float32).
 */
export function holds(
  query: Query,
  values: ArrayLike<number>,
  precision: Precision = 'float32',
): boolean {
  if (values.length !== query.variableCount) {
    throw new RangeError(`${values.length} values for ${query.variableCount} variables`);
  }
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  const reading = new Reading(precision, 'nearest', (reason, message, at) => {
    throw new VnnlibError(reason, message, query.where(at));
  });
  return isTrue(query.formula, { values, reading });
}

interface Point {
  readonly values: ArrayLike<number>;
  readonly reading: Reading;
}

function isTrue(formula: Formula, point: Point): boolean {
  switch (formula.kind) {
    case 'and':
      return formula.parts.every((part) => isTrue(part, point));
    case 'or':
      return formula.parts.some((part) => isTrue(part, point));
    case 'comparison':
      return isSatisfied(formula, point);
  }
}

function isSatisfied({ relation, left, right }: Comparison, point: Point): boolean {
  const [a, b] = [plain(left, point), plain(right, point)];
  const sign =
    a !== null && b !== null
      ? Math.sign(Number(a > b) - Number(a < b))
      : compare(exact(left, point), exact(right, point));
  switch (relation) {
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '==':
      return sign === 0;
    case '!=':
      return sign !== 0;
  }
}

/** A variable or a numeral is a float as it is. */
function plain(expression: Expression, { values, reading }: Point): number | null {
  if (expression.kind === 'variable') return values[expression.index] ?? NaN;
  return expression.kind === 'constant' ? reading.of(expression).lower : null;
}

function exact(expression: Expression, point: Point): Dyadic {
  switch (expression.kind) {
    case 'sum':
      return expression.terms.reduce((total, { sign, expression: part }) => {
        const own = exact(part, point);
        return sum(total, sign === 1 ? own : opposite(own));
      }, dyadic(0));
    case 'product':
      return expression.factors.reduce(
        (total, factor) => product(total, exact(factor, point)),
        dyadic(1),
      );
    case 'variable':
    case 'constant':
      return dyadic(plain(expression, point) ?? NaN);
  }
}
