/** Files of products, convolutions, averages and batch normalisation. */
import { floats } from '../../src/tensor/tensor.ts';
import { type Case, one, scalar, weights } from './hand-made.ts';

const image = [1, 2, 5, 6];
const kernel = (groups = 1): ReturnType<typeof weights> => weights(4, 2 / groups, 3, 2);

const positive = (size: number): ReturnType<typeof floats> =>
  floats(Float32Array.from({ length: size }, (_, i) => 0.5 + i / 3));

const products: readonly Case[] = [
  one('MatMul', 'by a matrix', { operands: { w: weights(4, 3) } }),
  one('MatMul', 'by a vector', { operands: { w: weights(4) } }),
  one('MatMul', 'of stacked matrices by one', { x: ['n', 2, 4], operands: { w: weights(4, 3) } }),
  one('MatMul', 'of stacks of more axes', { x: [1, 2, 3, 4], operands: { w: weights(2, 4, 2) } }),
  one('MatMul', 'of a vector without a batch', {
    x: [4],
    operands: { w: weights(4, 3) },
    lifted: true,
  }),
  one('MatMul', 'of a matrix without a batch', {
    x: [3, 4],
    operands: { w: weights(4, 2) },
    lifted: true,
  }),
  ...[7, 9, 11, 13].map((opset) =>
    one('Gemm', 'with everything', {
      opset,
      operands: { w: weights(3, 4), c: weights(3) },
      attributes: { alpha: { float: 0.5 }, beta: { float: -2 }, transB: 1 },
    }),
  ),
  one('Gemm', 'without a bias', { opset: 11, operands: { w: weights(4, 3) } }),
  one('Gemm', 'with a bias that counts for nothing', {
    operands: { w: weights(4, 3), c: weights(1, 3) },
    attributes: { beta: { float: 0 } },
  }),
  one('Gemm', 'with a scalar bias', { operands: { w: weights(4, 3), c: scalar(0.3) } }),
  one('Gemm', 'of a transposed input without a batch', {
    x: [4, 3],
    operands: { w: weights(4, 2), c: weights(3, 1) },
    attributes: { transA: 1 },
    lifted: true,
  }),
];

const convolutions: readonly Case[] = [
  one('Conv', 'as it is', { opset: 7, x: image, operands: { w: kernel() } }),
  one('Conv', 'with a bias, strides and uneven pads', {
    opset: 11,
    x: image,
    operands: { w: kernel(), b: weights(4) },
    attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 2, 1] },
  }),
  one('Conv', 'in groups, dilated', {
    x: ['n', 2, 7, 7],
    operands: { w: kernel(2), b: weights(4) },
    attributes: { group: 2, dilations: [2, 3] },
  }),
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((auto_pad) =>
    one('Conv', `padded ${auto_pad}`, {
      x: image,
      operands: { w: weights(3, 2, 2, 4) },
      attributes: { auto_pad, strides: [2, 3] },
    }),
  ),
  one('Conv', 'over one axis', {
    x: [1, 2, 7],
    operands: { w: weights(3, 2, 3), b: weights(3) },
    attributes: { pads: [1, 2], strides: [2] },
  }),
];

const normalisations: readonly Case[] = [7, 9, 14, 15].map((opset) =>
  one('BatchNormalization', 'for inference', {
    opset,
    x: image,
    operands: { s: weights(2), b: weights(2), m: weights(2), v: positive(2) },
    attributes: { epsilon: { float: 0.01 } },
  }),
);

const uneven = { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 2, 1] };
const averages: readonly Case[] = [
  one('AveragePool', 'as it is', { opset: 7, x: image, attributes: { kernel_shape: [2, 3] } }),
  one('AveragePool', 'with uneven pads left out', { opset: 10, x: image, attributes: uneven }),
  one('AveragePool', 'with uneven pads counted', {
    opset: 11,
    x: image,
    attributes: { ...uneven, count_include_pad: 1 },
  }),
  ...[0, 1].flatMap((count_include_pad) => [
    one('AveragePool', `with a last window cut short, pads counted: ${count_include_pad}`, {
      opset: 11,
      x: [1, 1, 6, 6],
      attributes: {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 0, 0, 0],
        ceil_mode: 1,
        count_include_pad,
      },
    }),
    ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((auto_pad) =>
      one('AveragePool', `padded ${auto_pad}, pads counted: ${count_include_pad}`, {
        opset: 11,
        x: image,
        attributes: { kernel_shape: [2, 4], strides: [2, 1], auto_pad, count_include_pad },
      }),
    ),
  ]),
  one('AveragePool', 'dilated', {
    opset: 19,
    x: image,
    attributes: { kernel_shape: [2, 2], dilations: [2, 3] },
  }),
  one('AveragePool', 'over one axis', { x: ['n', 2, 6], attributes: { kernel_shape: [3] } }),
  one('GlobalAveragePool', 'over two axes', { opset: 7, x: image }),
  one('GlobalAveragePool', 'over one axis', { x: ['n', 2, 6] }),
];

export const linearCases: readonly Case[] = [
  ...products,
  ...convolutions,
  ...normalisations,
  ...averages,
];
