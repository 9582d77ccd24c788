/** Files of powers: one exponent, several, and exponents that the file computes. */
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { wide } from './activation-cases.ts';
import { type Case, one, scalar } from './hand-made.ts';

function exponents(values: readonly number[], positive: boolean): Case[] {
  return values.map((exponent) =>
    wide('Pow', `to the ${exponent}`, { operands: { e: scalar(exponent) }, positive }),
  );
}

const computed: readonly Case[] = [
  {
    what: 'Pow-15: of two computed values',
    nodes: [
      { op: 'Exp', inputs: ['x'], outputs: ['base'] },
      { op: 'Pow', inputs: ['base', 'x'], outputs: ['y'] },
    ],
  },
  {
    what: 'Pow-15: of two inputs, one of which broadcasts',
    nodes: [
      { op: 'Abs', inputs: ['x'], outputs: ['base'] },
      { op: 'Add', inputs: ['base', 'half'], outputs: ['positive'] },
      { op: 'Pow', inputs: ['positive', 'z'], outputs: ['y'] },
    ],
  },
  {
    what: 'Pow-15: of any base to whole numbers that the file computes',
    nodes: [
      { op: 'Mul', inputs: ['x', 'five'], outputs: ['scaled'] },
      { op: 'Cast', inputs: ['scaled'], outputs: ['whole'], attributes: { to: 7 } },
      { op: 'Pow', inputs: ['scaled', 'whole'], outputs: ['y'] },
    ],
  },
  {
    what: 'Pow-13: of a constant base that is not positive',
    nodes: [
      { op: 'Floor', inputs: ['x'], outputs: ['whole'] },
      { op: 'Pow', inputs: ['mixed', 'whole'], outputs: ['y'] },
    ],
  },
].map((file) => ({
  opset: 15,
  inputs: { x: [1, 3, 2], ...(file.what.includes('inputs') ? { z: [1, 3, 1] } : {}) },
  outputs: ['y'],
  initializers: { five: scalar(5), half: scalar(0.5), mixed: floats([-2, 3]) },
  ...file,
}));

/** Powers of two values that the file computes, of a base that is positive. */
export const computedPowers = computed.slice(0, 2);

export const powerCases: readonly Case[] = [
  ...computed,
  ...exponents([0, 1, 2, 3, 4, -1, -2], false),
  ...exponents([0.5, 1.5, -0.5, 2.7], true),
  wide('Pow', 'to a whole number', { operands: { e: tensor('int64', [1], BigInt64Array.of(3n)) } }),
  one('Pow', 'to the same exponents', { opset: 7, operands: { e: floats([2, 2, 2, 2], [1, 4]) } }),
  wide('Pow', 'to different exponents', {
    operands: { e: floats([1.5, 2, -0.5, 0.3], [4]) },
    positive: true,
  }),
  wide('Pow', 'of any base to different whole numbers', {
    operands: { e: floats([0, 1, 2, 3, -1, -2, 4, 5, 7, 10, -3, 6], [3, 4]) },
  }),
  {
    what: 'Pow-13: of a constant base',
    opset: 13,
    inputs: { x: [1, 4] },
    outputs: ['y'],
    nodes: [{ op: 'Pow', inputs: ['base', 'x'], outputs: ['y'] }],
    initializers: { base: floats([2, 0.3, 10, 1]) },
  },
];
