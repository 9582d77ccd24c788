/** Functions of one number, and where they are steep: what tests of ranges and of lines go through. */
import type { OpAttributes, OpName } from '../../src/graph/graph.ts';

export interface Function<K extends OpName = OpName> {
  readonly op: K;
  readonly attributes: OpAttributes[K];
  /** Domain: numbers of both signs when absent. */
  readonly positive?: boolean;
  /** Width of the bound, in 4e-5, where intervals are 1e-6 wide: about the steepest slope. */
  readonly steepest?: number;
}

const of = <K extends OpName>(
  op: K,
  attributes: OpAttributes[K],
  rest: Omit<Function, 'op' | 'attributes'> = {},
): [string, Function] => [`${op} ${JSON.stringify(attributes)}`, { op, attributes, ...rest }];

export const functions = [
  of('relu', {}, { steepest: 1 }),
  of('leakyRelu', { slope: 0.1 }, { steepest: 1 }),
  of('leakyRelu', { slope: -0.5 }, { steepest: 1 }),
  of('clip', { min: -1, max: 2 }, { steepest: 1 }),
  of('sigmoid', {}, { steepest: 1 }),
  of('tanh', {}, { steepest: 1 }),
  of('softplus', {}, { steepest: 1 }),
  of('softsign', {}, { steepest: 1 }),
  of('erf', {}, { steepest: 1.2 }),
  of('gelu', {}, { steepest: 1.2 }),
  of('geluTanh', {}, { steepest: 1.2 }),
  of('mish', {}, { steepest: 1.2 }),
  of('sin', {}, { steepest: 1 }),
  of('cos', {}, { steepest: 1 }),
  of('floor', {}),
  of('ceil', {}),
  of('round', {}),
  of('sign', {}),
  of('exp', {}),
  of('abs', {}, { steepest: 1 }),
  of('reciprocal', {}),
  of('log', {}, { positive: true, steepest: 2 }),
  of('sqrt', {}, { positive: true, steepest: 1 }),
  of('pow', { exponent: 3 }, { steepest: 192 }),
  of('pow', { exponent: 4 }, { steepest: 2048 }),
  of('pow', { exponent: -2 }),
  of('pow', { exponent: -3 }),
  of('pow', { exponent: 9 }),
  of('step', {}),
  of('pow', { exponent: -1 }),
  of('pow', { exponent: 0.25 }, { positive: true, steepest: 4 }),
  of('clip', { min: -Infinity, max: 0 }, { steepest: 1 }),
  of('clip', { min: 0.5, max: Infinity }, { steepest: 1 }),
  of('pow', { exponent: 1.5 }, { positive: true, steepest: 40 }),
  of('pow', { exponent: -0.5 }, { positive: true, steepest: 4 }),
];
