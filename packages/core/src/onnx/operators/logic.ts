/**
 * Comparisons, logic, selection and casts. Truth values are float32 zeros and ones in the IR, and every
 * op on them here keeps their ends exact: a sum or product would round them outward.
 */
import type { Node } from '../../graph/graph.ts';
import { integers, tensor } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

const not = ({ b }: LoweringContext, x: Node): Node => b.greater(0.5, x);

function differ(c: LoweringContext, x: Node, y: Node): Node {
  const { b } = c;
  return b.max(b.min(x, not(c, y)), b.min(not(c, x), y));
}

/** Ops that give 0 or 1. */
const masks: ReadonlySet<string> = new Set(['greater', 'greaterOrEqual', 'equal', 'step']);

/** 1 where x is not 0: a truth value that was cast to a number and back is itself. */
const nonZero = ({ b }: LoweringContext, x: Node): Node =>
  masks.has(x.op) ? x : b.max(b.greater(x, 0), b.greater(0, x));

const truth = (c: LoweringContext, i: number): Node =>
  c.carried(i) === 'truth' ? c.real(i) : nonZero(c, c.real(i));

/**
 * Towards zero: of two increasing parts, so that bounds lose nothing. Of numbers that the whole type does
 * not hold, ONNX says nothing.
 */
function truncated({ b }: LoweringContext, x: Node): Node {
  const below = b.push('floor', [b.relu(b.neg(x))], {});
  return b.sub(b.push('floor', [b.relu(x)], {}), below);
}

function equal(c: LoweringContext): Node {
  const [x, y] = [c.real(0), c.real(1)];
  const truths = c.carried(0) === 'truth' && c.carried(1) === 'truth';
  return truths ? not(c, differ(c, x, y)) : c.b.equal(x, y);
}

/** TensorProto codes. */
const REAL: ReadonlySet<number> = new Set([1, 10, 11]);
const WHOLE: ReadonlySet<number> = new Set([6, 7]);
const [FLOAT, INT64, BOOL] = [1, 7, 9];

function cast(c: LoweringContext, to: number): Node {
  const x = c.operand();
  if (x.op === 'constant') {
    const numbers = Array.from(x.attributes.tensor.data as ArrayLike<number | bigint>, Number);
    const { shape } = x;
    if (REAL.has(to)) return x.type === 'float32' ? x : c.real();
    const dims = shape.map(Number);
    if (to === BOOL) {
      const bits = Uint8Array.from(numbers, (number) => Number(number !== 0));
      return c.b.constant(tensor('bool', dims, bits));
    }
    const whole = numbers.map(Math.trunc);
    if (WHOLE.has(to) && whole.every(Number.isSafeInteger)) {
      return c.b.constant({ ...integers(whole), shape: dims });
    }
  }
  const real = c.carried(0) === 'real';
  if (REAL.has(to)) return c.real();
  if (to === BOOL) return truth(c, 0);
  if (WHOLE.has(to)) return real ? truncated(c, x) : c.real();
  throw c.unsupported('data can be cast to float32, float64, int32, int64 and bool only');
}

/** To what the second operand is; the IR has one type of whole numbers that depend on the input. */
function castLike(c: LoweringContext): Node {
  const like = c.carried(1);
  return cast(c, like === 'truth' ? BOOL : like === 'whole' ? INT64 : FLOAT);
}

/** The largest finite float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** 1 where x is infinite, of the signs that the attributes name. */
function infinite(c: LoweringContext): Node {
  const { b } = c;
  const x = c.real();
  const [above, below] = [b.greater(x, LARGEST), b.greater(-LARGEST, x)];
  if (c.int('detect_negative', 1) === 0) return above;
  return c.int('detect_positive', 1) === 0 ? below : b.max(above, below);
}

type Join = (c: LoweringContext, x: Node, y: Node) => Node;

const compared =
  (join: Join): Lowering =>
  (c) =>
    join(c, c.real(0), c.real(1));

const logical =
  (join: Join): Lowering =>
  (c) =>
    join(c, truth(c, 0), truth(c, 1));

export const logic: Readonly<Record<string, Lowering>> = {
  Greater: compared(({ b }, x, y) => b.greater(x, y)),
  GreaterOrEqual: compared(({ b }, x, y) => b.greaterOrEqual(x, y)),
  Less: compared(({ b }, x, y) => b.greater(y, x)),
  LessOrEqual: compared(({ b }, x, y) => b.greaterOrEqual(y, x)),
  Equal: equal,
  Not: (c) => not(c, truth(c, 0)),
  And: logical(({ b }, x, y) => b.min(x, y)),
  Or: logical(({ b }, x, y) => b.max(x, y)),
  Xor: logical(differ),
  Where: (c) => {
    const mask = truth(c, 0);
    const [x, y] = [c.real(1), c.real(2)];
    return c.b.where(mask, x, y);
  },
  Cast: (c) => cast(c, c.int('to', FLOAT)),
  CastLike: castLike,
  // Only what is no number differs from itself.
  IsNaN: (c) => not(c, c.b.equal(c.real(), c.real())),
  IsInf: infinite,
};
