/**
 * Operators on whole numbers known when reading: how exporters compute shapes. A rule gives undefined
 * where it cannot be evaluated (a sum with a symbolic size, say); then the operator is lowered like
 * any other.
 */
import {
  type Dimension,
  divide,
  elementCount,
  isSymbolic,
  multiply,
} from '../../graph/dimension.ts';
import { broadcasted, type HostValue, vector } from '../host-value.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { nonZero } from './patterns.ts';
import { type HostRule, movedBeforehand } from './host-rearrangements.ts';

/** TensorProto codes of the whole-number types. */
const wholeTypes: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

const BOOL = 9;

type Pairwise = (a: Dimension, b: Dimension) => Dimension | undefined;

/** Element by element. */
function pairwise(join: Pairwise): HostRule {
  return (_, [x, y]) => broadcasted([x, y], ([a = 0, b = 0]) => join(a, b));
}

const numeric =
  (join: (a: number, b: number) => number): Pairwise =>
  (a, b) =>
    isSymbolic(a) || isSymbolic(b) ? undefined : join(a, b);

/** Doubles hold whole numbers up to 2⁵³; what a file computes beyond is not known. */
function arithmetic(join: Pairwise): HostRule {
  return (c, [x, y]) =>
    broadcasted([x, y], ([a = 0, b = 0]) => {
      const result = join(a, b);
      if (
        [a, b, result].some((value) => typeof value === 'number' && !Number.isSafeInteger(value))
      ) {
        throw c.unsupported('it computes with whole numbers beyond 2⁵³');
      }
      return result;
    });
}

const quotient: Pairwise = (a, b) =>
  isSymbolic(a) || isSymbolic(b) ? divide(a, b) : b === 0 ? undefined : Math.trunc(a / b);

/** Nothing symbolic equals a number: sizes of a batch are open. */
const same: Pairwise = (a, b) => Number(a === b);

const same1 = (_: LoweringContext, [value]: readonly HostValue[]): HostValue | undefined => value;

function range(_: LoweringContext, operands: readonly HostValue[]): HostValue | undefined {
  const [start, limit, delta] = operands.map(({ elements }) => elements[0]);
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') {
    return undefined;
  }
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!Number.isFinite(count) || count > 4096) return undefined;
  return vector(Array.from({ length: count }, (_unused, i) => start + i * delta));
}

/** Of any number of operands. */
function extreme(join: (a: number, b: number) => number): HostRule {
  const pair: Pairwise = (a, b) => (a === b ? a : numeric(join)(a, b));
  return (_, operands) =>
    broadcasted(operands, ([first = 0, ...others]) =>
      others.reduce<Dimension | undefined>(
        (so, next) => (so === undefined ? so : pair(so, next)),
        first,
      ),
    );
}

/** With the sign of the divisor, or of the dividend where the file says fmod. */
const modulo: HostRule = (c, operands) =>
  arithmetic((a, b) => {
    if (isSymbolic(a) || isSymbolic(b) || b === 0) return undefined;
    const rest = a % b;
    return !c.flag('fmod', false) && rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  })(c, operands);

export const hostOperators: ReadonlyMap<string, HostRule> = new Map(
  Object.entries<HostRule>({
    ...movedBeforehand,
    Identity: same1,
    // A float in between (for a scale, say) is arithmetic on data, not on shapes.
    Cast: (c, operands) => {
      const to = c.int('to', 1);
      // A size that is not known is at least 1.
      if (to === BOOL) return broadcasted(operands, ([a = 0]) => Number(a !== 0));
      return wholeTypes.has(to) ? same1(c, operands) : undefined;
    },
    Floor: same1,
    NonZero: (_, [value]) =>
      value && !value.elements.some(isSymbolic)
        ? nonZero(value.dims, value.elements.map(Number))
        : undefined,
    Size: (_, [value]) => value && { dims: [], elements: [value.elements.length] },
    // The second operand is known here as well, so it holds whole numbers or truth values.
    CastLike: (c, [value]) =>
      c.carried(1) === 'truth' ? broadcasted([value], ([a = 0]) => Number(a !== 0)) : value,
    Range: range,
    Add: arithmetic((a, b) => (b === 0 ? a : a === 0 ? b : numeric((p, q) => p + q)(a, b))),
    Sub: arithmetic((a, b) => (b === 0 ? a : numeric((p, q) => p - q)(a, b))),
    Mul: arithmetic(multiply),
    Div: arithmetic(quotient),
    Mod: modulo,
    Max: extreme(Math.max),
    Min: extreme(Math.min),
    Equal: pairwise(same),
    Greater: pairwise(numeric((a, b) => Number(a > b))),
    Less: pairwise(numeric((a, b) => Number(a < b))),
    GreaterOrEqual: pairwise(numeric((a, b) => Number(a >= b))),
    LessOrEqual: pairwise(numeric((a, b) => Number(a <= b))),
    And: pairwise(numeric((a, b) => Number(a !== 0 && b !== 0))),
    Or: pairwise(numeric((a, b) => Number(a !== 0 || b !== 0))),
    ReduceProd: (c, [value]) =>
      value && value.dims.length <= 1
        ? {
            dims: c.flag('keepdims', true) ? value.dims.map(() => 1) : [],
            elements: [elementCount(value.elements)],
          }
        : undefined,
    Not: (_, [value]) =>
      broadcasted([value], ([a = 0]) => (isSymbolic(a) ? undefined : Number(a === 0))),
    Where: (_, operands) =>
      broadcasted(operands, ([mask = 0, a = 0, b = 0]) =>
        isSymbolic(mask) ? undefined : mask === 0 ? b : a,
      ),
  }),
);

const onlyBeforehand: Lowering = (c) => {
  // Where the size of the batch is all that is not known, it is known row by row.
  c.all();
  throw c.unsupported('it is supported only for whole numbers that do not depend on the input');
};

/** Operators that are read only where they can be evaluated beforehand. */
export const beforehand: Readonly<Record<string, Lowering>> = {
  Mod: onlyBeforehand,
  Range: onlyBeforehand,
};
