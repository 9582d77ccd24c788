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
import { coordinates, stridesOf } from './positions.ts';

/** TensorProto codes of the whole-number types. */
const wholeTypes: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

const BOOL = 9;

/** A longer list is data, not a shape. */
const MOST_JOINED = 2 ** 16;

type HostRule = (c: LoweringContext, operands: readonly HostValue[]) => HostValue | undefined;

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

function positions(size: number, start: number, end: number, step: number): number[] {
  const clamp = (at: number): number => {
    const from = at < 0 ? at + size : at;
    return step > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1);
  };
  const found: number[] = [];
  const last = end < -size && step < 0 ? -1 : clamp(end);
  for (let at = clamp(start); step > 0 ? at < last : at > last; at += step) found.push(at);
  return found;
}

function slice(c: LoweringContext, [data, ...rest]: readonly HostValue[]): HostValue | undefined {
  if (!data || data.dims.length !== 1) return undefined;
  const early = c.opset < 10;
  const given = (i: number, name: string): number | undefined => {
    const list = early ? c.ints(name) : rest[i]?.elements;
    const value = list?.[0];
    return value === undefined || isSymbolic(value) ? undefined : value;
  };
  const [start, end] = [given(0, 'starts'), given(1, 'ends')];
  if (start === undefined || end === undefined) return undefined;
  const step = early ? 1 : (given(3, 'steps') ?? 1);
  if (step === 0) return undefined;
  const chosen = positions(data.elements.length, start, end, step);
  return vector(chosen.map((at) => data.elements[at] ?? 0));
}

function gather(c: LoweringContext, [data, indices]: readonly HostValue[]): HostValue | undefined {
  if (!data || !indices || data.dims.length !== 1 || c.int('axis', 0) !== 0) return undefined;
  const elements = indices.elements.map((index) => {
    const at = Number(index) < 0 ? Number(index) + data.elements.length : Number(index);
    return data.elements[at];
  });
  if (elements.some((element) => element === undefined)) return undefined;
  return { dims: indices.dims, elements: elements.filter((element) => element !== undefined) };
}

function range(_: LoweringContext, operands: readonly HostValue[]): HostValue | undefined {
  const [start, limit, delta] = operands.map(({ elements }) => elements[0]);
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') {
    return undefined;
  }
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!Number.isFinite(count) || count > 4096) return undefined;
  return vector(Array.from({ length: count }, (_unused, i) => start + i * delta));
}

function reshape(_: LoweringContext, [data, target]: readonly HostValue[]): HostValue | undefined {
  if (!data || !target || target.elements.some(isSymbolic)) return undefined;
  const wanted = target.elements.map(Number);
  const rest = wanted.filter((dim) => dim !== -1).reduce((product, dim) => product * dim, 1);
  const dims = wanted.map((dim) => (dim === -1 ? data.elements.length / rest : dim));
  return elementCount(dims) === data.elements.length ? { ...data, dims } : undefined;
}

function axesOf(c: LoweringContext, given: HostValue | undefined): number[] | undefined {
  return (given?.elements.map(Number) ?? c.ints('axes'))?.filter(Number.isInteger);
}

function squeeze(c: LoweringContext, [value, given]: readonly HostValue[]): HostValue | undefined {
  if (!value) return undefined;
  const wanted = axesOf(c, given);
  const axes = wanted && c.axes(wanted, value.dims.length);
  const gone = (dim: number, i: number): boolean => (axes ? axes.includes(i) : dim === 1);
  return { ...value, dims: value.dims.filter((dim, i) => !gone(dim, i)) };
}

function unsqueeze(
  c: LoweringContext,
  [value, given]: readonly HostValue[],
): HostValue | undefined {
  if (!value) return undefined;
  const added = axesOf(c, given) ?? [];
  const rank = value.dims.length + added.length;
  const axes = c.axes(added, rank);
  const rest = [...value.dims];
  const dims = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1)));
  return { ...value, dims };
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

function transpose(c: LoweringContext, [value]: readonly HostValue[]): HostValue | undefined {
  if (!value) return undefined;
  const { dims, elements } = value;
  const order = c.ints('perm') ?? dims.map((_, i) => dims.length - 1 - i);
  if (order.length !== dims.length || new Set(order).size !== dims.length) return undefined;
  const moved = order.map((axis) => dims[axis] ?? 1);
  const strides = stridesOf(dims);
  return {
    dims: moved,
    elements: elements.map((_, i) => {
      const at = coordinates(moved, i);
      const from = at.reduce(
        (sum, position, k) => sum + position * (strides[order[k] ?? 0] ?? 0),
        0,
      );
      return elements[from] ?? 0;
    }),
  };
}

export const hostOperators: ReadonlyMap<string, HostRule> = new Map(
  Object.entries<HostRule>({
    Identity: same1,
    // A float in between (for a scale, say) is arithmetic on data, not on shapes.
    Cast: (c, operands) => {
      const to = c.int('to', 1);
      // A size that is not known is at least 1.
      if (to === BOOL) return broadcasted(operands, ([a = 0]) => Number(a !== 0));
      return wholeTypes.has(to) ? same1(c, operands) : undefined;
    },
    Floor: same1,
    Squeeze: squeeze,
    Unsqueeze: unsqueeze,
    Transpose: transpose,
    NonZero: (_, [value]) =>
      value && !value.elements.some(isSymbolic)
        ? nonZero(value.dims, value.elements.map(Number))
        : undefined,
    Reshape: reshape,
    Gather: gather,
    Slice: slice,
    Range: range,
    Concat: (_, operands) =>
      operands.every(({ dims }) => dims.length === 1) && elementsOf(operands) <= MOST_JOINED
        ? vector(operands.flatMap(({ elements }) => elements))
        : undefined,
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

function elementsOf(values: readonly HostValue[]): number {
  return values.reduce((sum, { elements }) => sum + elements.length, 0);
}

const onlyBeforehand: Lowering = (c) => {
  throw c.unsupported('it is supported only for whole numbers that do not depend on the input');
};

/** Operators that are read only where they can be evaluated beforehand. */
export const beforehand: Readonly<Record<string, Lowering>> = {
  Mod: onlyBeforehand,
  Range: onlyBeforehand,
};
