/** Sums, means and maxima over axes, and softmax. */
import { elementCount, known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** Axes of a reduction; an input since opset 13 (ReduceSum) or 18 (the others). */
function reducedAxes(c: LoweringContext, asInputSince: number): number[] {
  const x = c.operand();
  const given = c.opset >= asInputSince ? c.numbers(1) : c.ints('axes');
  if (!given || given.length === 0) {
    return c.int('noop_with_empty_axes', 0) === 1 ? [] : x.shape.map((_, i) => i);
  }
  return given.map((axis) => c.axis(axis, x.shape.length)).sort((p, q) => p - q);
}

const keeps = (c: LoweringContext): boolean => c.int('keepdims', 1) === 1;

function maximum(c: LoweringContext, axes: readonly number[]): Node {
  // The IR writes no axes as ONNX does, where that would mean all of them.
  return axes.length === 0 ? c.operand() : c.b.maximum(c.operand(), axes, keeps(c));
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
  GlobalMaxPool: (c) => {
    const x = c.operand();
    return c.b.maximum(
      x,
      x.shape.slice(2).map((_, i) => i + 2),
      true,
    );
  },
  Softmax: (c) => {
    const x = c.operand();
    const rank = x.shape.length;
    const axis = c.axis(c.int('axis', c.opset < 13 ? 1 : -1), rank);
    if (c.opset >= 13 || axis === rank - 1) return c.b.push('softmax', [x], { axis });
    // Before opset 13 everything from the axis on is one flat axis.
    const flat = c.b.reshape(x, [
      elementCount(x.shape.slice(0, axis)),
      elementCount(x.shape.slice(axis)),
    ]);
    return c.b.reshape(c.b.push('softmax', [flat], { axis: 1 }), x.shape);
  },
};
