/**
 * Powers whose exponent differs from element to element, at the edges of where they have a value: bases
 * of every magnitude and sign, exponents of every sign, a base of 0.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import { runOnnx } from '../onnxruntime.ts';
import type { Boxes } from './boxes.ts';
import { gradientGraph } from './differences.ts';
import { expectSound } from './soundness.ts';

const ROWS = 3000;
type Ends = readonly [number, number];

const column = (values: readonly number[]): Tensor<'float32'> => floats(values, [values.length, 1]);

function boxed(ends: readonly Ends[]): Boxes[string] {
  const sorted = ends.map(([p, q]) => [Math.min(p, q), Math.max(p, q)] as const);
  const lower = column(sorted.map(([low]) => low));
  return { centre: lower, lower, upper: column(sorted.map(([, high]) => high)) };
}

/** An interval that is a point, narrow, wide or begins at 0. */
function interval(draw: Draw, x: number, other: number): Ends {
  const rounded = Math.fround(x);
  return [rounded, Math.fround(draw.pick([rounded, x * (1 + 2 ** -20), other, 0]))];
}

function twoInputs(): Graph {
  const b = new Builder();
  const [base, exponent] = [b.input('base', [BATCH, 1]), b.input('exponent', [BATCH, 1])];
  return b.graph({ out: b.push('raise', [base, exponent], {}) });
}

describe('a power of two values is bounded', () => {
  test('over boxes of bases and exponents', async () => {
    const draw = new Draw(50);
    const size = (): number => 10 ** draw.real(-30, draw.chance(0.5) ? 1 : 30);
    const sign = (): number => (draw.chance(0.9) ? 1 : -1);
    const power = (): number => draw.pick([draw.real(-4, 4), draw.integer(-3, 4), 0]);
    const bases = Array.from({ length: ROWS }, () => interval(draw, sign() * size(), size()));
    const exponents = bases.map(() => interval(draw, power(), power()));
    const boxes = { base: boxed(bases), exponent: boxed(exponents) };
    const { finite } = await expectSound(twoInputs(), boxes, draw, { batched: true, rows: ROWS });
    expect(finite.filter((flag) => flag === 1).length).toBeGreaterThan(ROWS / 4);
  });

  const wholes = [0, 1, 2, 3, 4, 7, -1, -2, 0.5];
  const b = new Builder();
  const network = b.graph({
    out: b.push('raise', [b.input('x', [BATCH, wholes.length]), b.floats(wholes, [9])], {}),
  });
  const pad = (x: number): number[] => wholes.map(() => x);

  test('over boxes of any base, to constant exponents, but where a root or a pole is inside', async () => {
    const draw = new Draw(51);
    const each = wholes.map((exponent, at) => {
      // Every other element stays at 1, so that one element alone makes a row finite.
      const rows = Array.from({ length: 200 }, () => {
        const [low, high] = [draw.real(-3, 3), draw.real(-3, 3)].sort((p, q) => p - q) as [
          number,
          number,
        ];
        const row = (end: number): number[] => pad(1).map((one, i) => (i === at ? end : one));
        return { low: Math.fround(low), high: Math.fround(high), row };
      });
      return { exponent, rows };
    });
    for (const { exponent, rows } of each) {
      const ends = (of: 'low' | 'high'): Tensor<'float32'> =>
        floats(
          rows.flatMap((row) => row.row(row[of])),
          [rows.length, wholes.length],
        );
      const lower = ends('low');
      const boxes = { x: { centre: lower, lower, upper: ends('high') } };
      const claim = { batched: true, rows: rows.length };
      const { finite } = await expectSound(network, boxes, draw, claim);
      const bounded = rows.map(({ low, high }) => {
        if (!Number.isInteger(exponent)) return low >= 0;
        return exponent >= 0 || low > 0 || high < 0;
      });
      expect(finite).toEqual(bounded.map(Number));
    }
  });
});

test('the slopes at a base of 0, at negative bases and at an exponent of 0 are numbers', async () => {
  const cases: readonly (readonly [x: number, y: number, inBase: number, inExponent: number])[] = [
    [0, 2, 0, 0],
    [0, 1, 1, 0],
    [0, 0, 0, 0],
    [0, 1.5, 0, 0],
    [-2, 3, 12, 0],
    [-2, -1, -0.25, 0],
    [-2, 0, 0, 0],
    [4, 0, 0, Math.log(4)],
    [4, 0.5, 0.25, 2 * Math.log(4)],
    [1, 5, 5, 0],
  ];
  const feeds = {
    base: column(cases.map(([x]) => x)),
    exponent: column(cases.map(([, y]) => y)),
  };
  const network = twoInputs();
  for (const [at, place] of [
    ['base', 2],
    ['exponent', 3],
  ] as const) {
    const derived = gradientGraph({ graph: network, at, output: 'out' });
    const weight = 0.5 + Math.sin(1) / 2;
    const { gradient } = await runOnnx(writeModel(derived), feeds);
    Array.from(gradient?.data ?? [], Number).forEach((slope, i) =>
      expect(slope / weight).toBeCloseTo(cases[i]?.[place] ?? Number.NaN, 4),
    );
  }
});
