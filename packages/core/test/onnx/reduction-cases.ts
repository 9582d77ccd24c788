/** Files of reductions and softmax, whose axes moved from attributes to operands over the years. */
import { type Case, ints, one } from './hand-made.ts';

const image = [1, 2, 3, 4];

/** Axes as an attribute before an opset, as an operand since. */
function reductionsOf(op: string, operandSince: number): Case[] {
  const early = operandSince === 13 ? 11 : 13;
  return [
    one(op, 'over two axes', { opset: 7, x: image, attributes: { axes: [1, 3] } }),
    one(op, 'over a negative axis, dropped', {
      opset: early,
      x: ['n', 3, 4],
      attributes: { axes: [-1], keepdims: 0 },
    }),
    one(op, 'over axes given as an operand', {
      opset: 18,
      x: image,
      operands: { a: ints(-1, 1) },
      attributes: { keepdims: 0 },
    }),
    one(op, 'over no axes', {
      opset: 18,
      x: image,
      attributes: { noop_with_empty_axes: 1 },
    }),
    one(op, 'over everything', { opset: early, x: [3, 4], lifted: true }),
  ];
}

function softmaxes(op: string): Case[] {
  return [
    one(op, 'of everything behind the batch', { opset: 7, x: image }),
    one(op, 'of the last two axes', { opset: 11, x: ['n', 2, 3, 4], attributes: { axis: -2 } }),
    one(op, 'of the samples and everything behind', {
      opset: 11,
      x: ['n', 3],
      attributes: { axis: 0 },
      lifted: true,
    }),
    one(op, 'of the samples', { opset: 13, x: ['n', 3], attributes: { axis: 0 }, lifted: true }),
    one(op, 'of the last axis, by number', { opset: 11, x: image, attributes: { axis: 3 } }),
    one(op, 'of the last axis', { opset: 13, x: image }),
    one(op, 'of the channels', { opset: 13, x: ['n', 2, 3, 4], attributes: { axis: 1 } }),
  ];
}

export const reductionCases: readonly Case[] = [
  ...reductionsOf('ReduceSum', 13),
  ...reductionsOf('ReduceMean', 18),
  ...reductionsOf('ReduceMax', 18),
  ...reductionsOf('ReduceMin', 18),
  ...reductionsOf('ReduceL1', 18),
  ...reductionsOf('ReduceL2', 18),
  ...reductionsOf('ReduceSumSquare', 18),
  ...reductionsOf('ReduceLogSumExp', 18),
  ...reductionsOf('ReduceProd', 18),
  ...reductionsOf('ReduceLogSum', 18),
  one('GlobalMaxPool', 'over two axes', { x: image }),
  one('GlobalMaxPool', 'over one axis', { opset: 7, x: ['n', 2, 3] }),
  ...['Softmax', 'LogSoftmax'].flatMap(softmaxes),
];
