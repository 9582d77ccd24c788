/** Files that quantise values and weights, as quantisers write them: in pairs. */
import { floats, tensor, type Tensor } from '../../src/tensor/tensor.ts';
import type { Attribute, Case, NodeSpec } from './hand-made.ts';

type Attributes = Readonly<Record<string, Attribute>>;

interface Pair {
  readonly opset: number;
  readonly scale: Tensor;
  readonly zero?: Tensor;
  readonly attributes?: Attributes;
}

/** x quantised and dequantised. */
function pair(what: string, { opset, scale, zero, attributes = {} }: Pair): Case {
  const parameters = zero ? ['scale', 'zero'] : ['scale'];
  const node = (op: string, input: string, output: string): NodeSpec => ({
    op,
    inputs: [input, ...parameters],
    outputs: [output],
    attributes,
  });
  return {
    what: `QuantizeLinear and DequantizeLinear-${opset}: ${what}`,
    opset,
    inputs: { x: [1, 3, 4] },
    outputs: ['y'],
    nodes: [node('QuantizeLinear', 'x', 'q'), node('DequantizeLinear', 'q', 'y')],
    initializers: { scale, ...(zero ? { zero } : {}) },
  };
}

const int8 = (...values: number[]): Tensor =>
  tensor('int8', [values.length], Int8Array.from(values));
const uint8 = (value: number): Tensor => tensor('uint8', [], Uint8Array.of(value));

const weightsThrough: Case = {
  what: 'DequantizeLinear-13: of weights and a bias',
  opset: 13,
  inputs: { x: [1, 2] },
  outputs: ['y'],
  nodes: [
    {
      op: 'DequantizeLinear',
      inputs: ['w', 'scales', 'zeros'],
      outputs: ['weights'],
      attributes: { axis: 0 },
    },
    { op: 'DequantizeLinear', inputs: ['b', 'scale'], outputs: ['bias'] },
    { op: 'Gemm', inputs: ['x', 'weights', 'bias'], outputs: ['y'], attributes: { transB: 1 } },
  ],
  initializers: {
    w: tensor('int8', [3, 2], Int8Array.of(1, -2, 127, -128, 5, 60)),
    scales: floats([0.01, 0.02, 0.003]),
    zeros: int8(0, 3, -5),
    b: tensor('int32', [3], Int32Array.of(1000, -7, 0)),
    scale: floats([0.001], []),
  },
};

const maxima: Case = {
  what: 'MaxPool-12: of quantised values',
  opset: 12,
  inputs: { x: [1, 1, 4, 4] },
  outputs: ['y'],
  nodes: [
    { op: 'QuantizeLinear', inputs: ['x', 'scale', 'zero'], outputs: ['q'] },
    {
      op: 'MaxPool',
      inputs: ['q'],
      outputs: ['m'],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
    { op: 'DequantizeLinear', inputs: ['m', 'scale', 'zero'], outputs: ['y'] },
  ],
  initializers: { scale: floats([0.01], []), zero: uint8(100) },
};

export const quantisationCases: readonly Case[] = [
  pair('to uint8', { opset: 10, scale: floats([0.013], []), zero: uint8(120) }),
  pair('to int8', {
    opset: 13,
    scale: floats([0.01], []),
    zero: tensor('int8', [], Int8Array.of(-3)),
  }),
  pair('to what is not said', { opset: 13, scale: floats([0.01], []) }),
  pair('that saturates', { opset: 19, scale: floats([0.002], []), zero: uint8(100) }),
  pair('by channels', {
    opset: 13,
    scale: floats([0.01, 0.02, 0.03]),
    zero: int8(0, 4, -4),
    attributes: { axis: -2 },
  }),
  weightsThrough,
  maxima,
];
