/** Files of activation functions, on values between −5 and 5. */
import { floats } from '../../src/tensor/tensor.ts';
import { type Attribute, type Case, type NodeSpec, scalar, weights } from './hand-made.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

interface Spec {
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly operands?: Readonly<Record<string, Tensor>>;
  /** The operand is |5x| + ½. */
  readonly positive?: boolean;
}

/** The operator on 5x. */
export function wide(op: string, what: string, spec: Spec = {}): Case {
  const { opset = 17, attributes = {}, operands = {}, positive = false } = spec;
  const before: NodeSpec[] = [{ op: 'Mul', inputs: ['x', 'five'], outputs: ['scaled'] }];
  if (positive) {
    before.push({ op: 'Abs', inputs: ['scaled'], outputs: ['abs'] });
    before.push({ op: 'Add', inputs: ['abs', 'half'], outputs: ['positive'] });
  }
  const operand = positive ? 'positive' : 'scaled';
  return {
    what: `${op}-${opset}: ${what}`,
    opset,
    inputs: { x: [1, 3, 4] },
    outputs: ['y'],
    nodes: [
      ...before,
      { op, inputs: [operand, ...Object.keys(operands)], outputs: ['y'], attributes },
    ],
    initializers: { five: scalar(5), half: scalar(0.5), ...operands },
  };
}

const float = (value: number): Attribute => ({ float: value });

const plain: Readonly<Record<string, readonly number[]>> = {
  Relu: [7, 14],
  LeakyRelu: [7, 16],
  Sigmoid: [7, 13],
  Tanh: [7, 13],
  Softplus: [7, 17],
  Softsign: [7, 17],
  Erf: [9, 13],
  Elu: [7, 17],
  Selu: [7, 17],
  Celu: [12],
  HardSigmoid: [7, 17],
  HardSwish: [14],
  Mish: [18],
  Gelu: [20],
  ThresholdedRelu: [10, 17],
  Sin: [7, 17],
  Cos: [7, 17],
  Floor: [7, 13],
  Ceil: [7, 13],
  Round: [11, 17],
  Sign: [9, 13],
};

/** Halves, which go to the even neighbour. */
const halves: Case = {
  what: 'Round-17: of halves',
  opset: 17,
  inputs: { x: [1, 4] },
  outputs: ['y'],
  nodes: [
    { op: 'Mul', inputs: ['x', 'zero'], outputs: ['nothing'] },
    { op: 'Add', inputs: ['nothing', 'halves'], outputs: ['h'] },
    { op: 'Round', inputs: ['h'], outputs: ['y'] },
  ],
  initializers: { zero: scalar(0), halves: floats([0.5, 1.5, -2.5, -0.5]) },
};

export const activationCases: readonly Case[] = [
  ...Object.entries(plain).flatMap(([op, opsets]) =>
    opsets.map((opset) => wide(op, 'as it is', { opset })),
  ),
  halves,
  wide('LeakyRelu', 'with a slope', { attributes: { alpha: float(0.3) } }),
  wide('Elu', 'with another limit', { attributes: { alpha: float(0.7) } }),
  wide('Elu', 'that falls', { attributes: { alpha: float(-0.5) } }),
  wide('Selu', 'with other numbers', { attributes: { alpha: float(1.2), gamma: float(0.9) } }),
  wide('Celu', 'that is wider', { opset: 12, attributes: { alpha: float(2.5) } }),
  wide('HardSigmoid', 'with other numbers', {
    attributes: { alpha: float(-0.3), beta: float(0.4) },
  }),
  wide('Gelu', 'by tanh', { opset: 20, attributes: { approximate: 'tanh' } }),
  wide('ThresholdedRelu', 'above 0', { attributes: { alpha: float(0) } }),
  wide('ThresholdedRelu', 'above a negative number', { attributes: { alpha: float(-2) } }),
  wide('PRelu', 'with one slope', { opset: 7, operands: { slope: floats([0.2]) } }),
  wide('PRelu', 'with a slope for each channel', { opset: 9, operands: { slope: weights(3, 1) } }),
  wide('PRelu', 'with a slope for each element', { opset: 16, operands: { slope: weights(3, 4) } }),
];
