/**
 * The value of an arithmetic bracket from its operands. A first operand of the same kind is continued
 * instead of nested, so that chains such as (+ (+ (+ a b) c) d) stay one flat list, made in linear time.
 */
import type { Expression, Term } from './query.ts';

export interface Combined {
  readonly expression: Expression;
  /** Levels added between the operands and the result, beyond the bracket's own. */
  readonly levels: number;
}

/** `operands` has at least one element, and belongs to the caller no more. */
export function combine(
  operator: '+' | '-' | '*',
  operands: readonly Expression[],
  at: number,
): Combined {
  const [first, ...rest] = operands;
  if (!first) throw new RangeError(`${operator} without operands`);
  if (rest.length === 0) {
    return operator === '-' ? negated(first) : { expression: first, levels: 0 };
  }
  if (operator === '*') {
    const factors = first.kind === 'product' ? continued(first.factors, rest) : operands;
    return { expression: { kind: 'product', factors, at }, levels: 0 };
  }
  const sign = operator === '+' ? 1 : -1;
  const added = rest.map((expression): Term => ({ sign, expression }));
  const head: readonly Term[] =
    first.kind === 'sum' ? first.terms : [{ sign: 1, expression: first }];
  return { expression: { kind: 'sum', terms: continued(head, added) }, levels: 0 };
}

/** Negating twice is nothing; negating a longer sum is one more level. */
function negated(first: Expression): Combined {
  const isSum = first.kind === 'sum';
  const [only, more] = isSum ? first.terms : [];
  if (only && !more) {
    const term: Term = { sign: only.sign === 1 ? -1 : 1, expression: only.expression };
    return { expression: { kind: 'sum', terms: [term] }, levels: 0 };
  }
  const terms: readonly Term[] = [{ sign: -1, expression: first }];
  return { expression: { kind: 'sum', terms }, levels: isSum ? 1 : 0 };
}

/** A list just read belongs to nobody else: it is lengthened, not copied. */
function continued<T>(list: readonly T[], more: readonly T[]): readonly T[] {
  const own = list as T[];
  for (const item of more) own.push(item);
  return own;
}
