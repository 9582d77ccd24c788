/**
 * ONNX operators that are read into several ops keep bounds that lose nothing: over intervals of any
 * width the ends are sound, and no wider than what points between them give.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { type Attribute, one, onnxFile } from '../onnx/hand-made.ts';
import { evaluateOutputs } from '../oracle/evaluate.ts';
import type { Boxes } from './boxes.ts';
import { expectSound } from './soundness.ts';

const float = (value: number): Attribute => ({ float: value });

const operators: readonly [
  op: string,
  attributes?: Readonly<Record<string, Attribute>>,
  operands?: Readonly<Record<string, Tensor>>,
][] = [
  ['Elu', { alpha: float(0.7) }],
  ['Selu'],
  ['Celu', { alpha: float(2) }],
  ['HardSigmoid'],
  ['HardSwish'],
  ['ThresholdedRelu'],
  ['PRelu', {}, { slope: floats([0.25]) }],
  ['Gelu'],
  ['Gelu', { approximate: 'tanh' }],
  ['Mish'],
  ['Pow', {}, { exponent: floats([2], []) }],
  ['Softsign'],
  ['Sin'],
];

const ROWS = 400;
const POINTS = 41;

describe.each(operators)('%s %o', (op, attributes = {}, operands = {}) => {
  const file = one(op, 'for bounds', { opset: 20, x: ['n', 1], attributes, operands });
  const { graph } = readModel(onnxFile(file));

  test('has bounds as tight as its values', async () => {
    const draw = new Draw(40);
    const ends = Array.from({ length: ROWS }, () => {
      const [x, width] = [draw.real(-6, 6), draw.pick([0, 1e-6, 0.1, 1, 4])];
      return [x, Math.fround(x + width)] as const;
    });
    const column = (values: number[]): Tensor<'float32'> => floats(values, [ROWS, 1]);
    const lower = column(ends.map(([low]) => low));
    const boxes: Boxes = {
      x: { centre: lower, lower, upper: column(ends.map(([, high]) => high)) },
    };
    const claim = { batched: true, rows: ROWS, options: { output: 'y' } };
    const { finite, widths } = await expectSound(graph, boxes, draw, claim);
    expect(finite).toEqual(finite.map(() => 1));
    const reach = ends.map(([low, high]) => {
      const points = Float64Array.from(
        { length: POINTS },
        (_, i) => low + ((high - low) * i) / (POINTS - 1),
      );
      const values = evaluateOutputs(graph, { x: { shape: [POINTS, 1], data: points } })['y'];
      const data = values?.data ?? new Float64Array();
      return Math.max(...data) - Math.min(...data);
    });
    // Points 0.1 apart miss a little of an extreme.
    const excess = widths.map((width, i) => width - (reach[i] ?? 0));
    expect(Math.max(...excess)).toBeLessThan(0.01);
  });
});

test('a condition whose ends are rounded off 0 does not count as met', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 1]);
  const both = b.mul(b.greater(x, 0), b.greater(1, x));
  const network = b.graph({ out: b.where(both, 5, x) });
  const [lower, upper] = [floats([2, -3, 0.5, -1], [4, 1]), floats([3, -2, 0.75, 2], [4, 1])];
  const boxes = { x: { centre: lower, lower, upper } };
  await expectSound(network, boxes, new Draw(41), { batched: true, rows: 4 });
});
