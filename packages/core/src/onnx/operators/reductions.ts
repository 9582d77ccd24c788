/** Sums, means, extremes, norms and products over axes, and softmax. */
import { elementCount, known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** Axes of a reduction; an input since opset 13 (ReduceSum) or 18 (the others). */
function reducedAxes(c: LoweringContext, asInputSince: number): number[] {
  const x = c.operand();
  const given = c.opset >= asInputSince ? c.perAxis(1) : c.ints('axes');
  if (!given || given.length === 0) {
    return c.flag('noop_with_empty_axes', false) ? [] : x.shape.map((_, i) => i);
  }
  return c.axes(given, x.shape.length).sort((p, q) => p - q);
}

const keeps = (c: LoweringContext): boolean => c.flag('keepdims', true);

function maximum(c: LoweringContext, axes: readonly number[]): Node {
  // The IR writes no axes as ONNX does, where that would mean all of them.
  return axes.length === 0 ? c.operand() : c.b.maximum(c.operand(), axes, keeps(c));
}

/** The reduction of a function of the operand, over axes that are an input since opset 18. */
function summed(c: LoweringContext, x: Node): Node {
  return c.b.sum(x, reducedAxes(c, 18), keeps(c));
}

function minimum(c: LoweringContext): Node {
  const axes = reducedAxes(c, 18);
  const { b } = c;
  return axes.length === 0 ? c.operand() : b.neg(b.maximum(b.neg(c.operand()), axes, keeps(c)));
}

/** Factors are written out one by one: meant for a handful of them. */
const MOST_FACTORS = 64;

function product(c: LoweringContext): Node {
  const { b } = c;
  const axes = reducedAxes(c, 18);
  const whole = axes.reduce<Node>((value, axis) => {
    const size = known(value.shape[axis] ?? 1, 'an axis whose product is taken');
    if (size > MOST_FACTORS) {
      throw c.unsupported(`a product of ${size} numbers is not supported, only of ${MOST_FACTORS}`);
    }
    const factors = Array.from({ length: size }, (_, i) => b.slice(value, axis, i, i + 1));
    return factors.reduce((so, far) => b.mul(so, far));
  }, c.operand());
  if (keeps(c)) return whole;
  return b.reshape(
    whole,
    whole.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** √Σx²; of single elements, their size. */
function length(c: LoweringContext): Node {
  const axes = reducedAxes(c, 18);
  const attributes = { axes, keep: keeps(c) };
  return axes.length === 0 ? c.b.abs(c.operand()) : c.b.push('reduceL2', [c.operand()], attributes);
}

/** ln Σ eˣ. */
function logSumExp(c: LoweringContext): Node {
  const axes = reducedAxes(c, 18);
  const attributes = { axes, keep: keeps(c) };
  return axes.length === 0 ? c.operand() : c.b.push('reduceLogSumExp', [c.operand()], attributes);
}

/** Softmax or its logarithm along an axis. */
function normalised(c: LoweringContext, op: 'softmax' | 'logSoftmax'): Node {
  const x = c.operand();
  const rank = x.shape.length;
  const axis = c.axis(c.int('axis', c.opset < 13 ? 1 : -1), rank);
  if (c.opset >= 13 || axis === rank - 1) return c.b.push(op, [x], { axis });
  // Before opset 13 everything from the axis on is one flat axis.
  const flat = c.b.reshape(x, [
    elementCount(x.shape.slice(0, axis)),
    elementCount(x.shape.slice(axis)),
  ]);
  return c.b.reshape(c.b.push(op, [flat], { axis: 1 }), x.shape);
}

export const reductions: Readonly<Record<string, Lowering>> = {
  ReduceSum: (c) => c.b.sum(c.operand(), reducedAxes(c, 13), keeps(c)),
  ReduceMean: (c) => {
    const axes = reducedAxes(c, 18);
    const { shape } = c.operand();
    const count = axes.reduce(
      (product, axis) => product * known(shape[axis] ?? 1, 'a mean axis'),
      1,
    );
    return c.b.mul(c.b.sum(c.operand(), axes, keeps(c)), 1 / count);
  },
  ReduceMax: (c) => maximum(c, reducedAxes(c, 18)),
  ReduceMin: minimum,
  ReduceProd: product,
  ReduceL1: (c) => summed(c, c.b.abs(c.operand())),
  ReduceL2: length,
  ReduceSumSquare: (c) => summed(c, c.b.mul(c.operand(), c.operand())),
  ReduceLogSum: (c) => c.b.log(summed(c, c.operand())),
  ReduceLogSumExp: logSumExp,
  Softmax: (c) => normalised(c, 'softmax'),
  LogSoftmax: (c) => normalised(c, 'logSoftmax'),
};
