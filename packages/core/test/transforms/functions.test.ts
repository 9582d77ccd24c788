/**
 * Functions of one number, each on thousands of intervals of every magnitude and width: what the
 * table says of their float32 error and of their extremes holds. Each interval is a row of its own.
 */
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';
import type { Boxes } from './boxes.ts';
import { functions } from './functions.ts';
import { expectSound } from './soundness.ts';

const ROWS = 3000;

function boxed(ends: readonly (readonly [number, number])[], draw: Draw): Boxes {
  const sorted = ends.map((pair) => [...pair].sort((p, q) => p - q));
  const column = (values: number[]): ReturnType<typeof floats> => floats(values, [ROWS, 1]);
  const lower = column(sorted.map(([low = 0]) => low));
  const upper = column(sorted.map(([, high = 0]) => high));
  const centre = column(sorted.map((_, i) => draw.pick([lower.data[i] ?? 0, upper.data[i] ?? 0])));
  return { x: { centre, lower, upper } };
}

describe.each(functions)('%s', (_, { op, attributes, positive = false, steepest }) => {
  const b = new Builder();
  const network = b.graph({ out: b.push(op, [b.input('x', [BATCH, 1])], attributes) });

  test('is bounded on intervals of every magnitude', async () => {
    const draw = new Draw(30);
    const magnitude = (): number => 10 ** draw.real(-40, draw.chance(0.5) ? 1.5 : 38);
    const sign = (): number => (positive || draw.chance(0.5) ? 1 : -1);
    const ends = Array.from({ length: ROWS }, (): [number, number] => {
      const x = Math.fround(sign() * magnitude());
      const y = draw.pick([
        x,
        Math.fround(x * (1 + 2 ** -draw.integer(1, 23))),
        Math.fround(sign() * magnitude()),
        0,
      ]);
      return [x, y];
    });
    const claim = { batched: true, rows: ROWS };
    const { finite } = await expectSound(network, boxed(ends, draw), draw, claim);
    expect(finite.filter((flag) => flag === 1).length).toBeGreaterThan(ROWS / 10);
  });

  test('is bounded tightly on narrow intervals', async () => {
    const draw = new Draw(31);
    const ends = Array.from({ length: ROWS }, (): [number, number] => {
      const x = positive ? draw.real(0.5, 8) : draw.real(-8, 8);
      return [x, Math.fround(x + 1e-6)];
    });
    const claim = { batched: true, rows: ROWS };
    const { widths, finite } = await expectSound(network, boxed(ends, draw), draw, claim);
    if (steepest === undefined) return;
    expect(finite).toEqual(finite.map(() => 1));
    expect(Math.max(...widths)).toBeLessThan(steepest * 4e-5);
  });
});
