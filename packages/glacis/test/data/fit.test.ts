/** Fitting samples to the model's input: what is moved, what only reshaped, what refused. */

import { floats, sizeOf } from '@glacis/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitToModel } from '../../src/data/fit.ts';
import { usageError } from './bytes.ts';

const counting = (...shape: number[]) =>
  floats(
    Array.from({ length: sizeOf(shape) }, (_, i) => i),
    shape,
  );

test('the same shape is left alone', () => {
  const x = counting(2, 3, 4, 5);
  expect(fitToModel(x, [3, 4, 5])).toEqual({ x, notes: [] });
});

test.each([
  [
    [2, 28, 28],
    [1, 28, 28],
  ],
  [
    [2, 28, 28, 1],
    [1, 28, 28],
  ],
  [
    [2, 1, 28, 28],
    [28, 28, 1],
  ],
  [
    [2, 784],
    [1, 28, 28],
  ],
  [
    [2, 784],
    [784, 1, 1],
  ],
  [[2, 28, 28], [784]],
  [
    [2, 1, 3, 4, 4],
    [3, 4, 4],
  ],
  [[2], [1]],
])('%j is reshaped to %j, its numbers unmoved, and that is said', (shape, inputShape) => {
  const x = counting(...shape);
  const fitted = fitToModel(x, inputShape);
  expect(fitted.x.shape).toEqual([2, ...inputShape]);
  expect(fitted.x.data).toBe(x.data);
  expect(fitted.notes).toHaveLength(1);
});

describe('channels', () => {
  test('element (h, w, c) of channels-last is (c, h, w) of channels-first, and back', () => {
    const sizes = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(sizes, sizes, sizes, sizes, (n, h, w, c) => {
        // Left out: shapes that are the same, or need only reshaping, or can be read in two ways.
        fc.pre(h !== c && h > 1 && w > 1 && c > 1);
        const last = counting(n, h, w, c);
        const { x: first, notes } = fitToModel(last, [c, h, w]);
        expect(notes[0]).toContain('channels-last');
        for (let i = 0; i < last.data.length; i++) {
          const [channel, column, line, sample] = [
            i % c,
            Math.floor(i / c) % w,
            Math.floor(i / (c * w)) % h,
            Math.floor(i / (c * w * h)),
          ];
          expect(first.data[((sample * c + channel) * h + line) * w + column]).toBe(i);
        }
        fc.pre(c !== w);
        expect(fitToModel(first, [h, w, c]).x).toEqual(last);
      }),
    );
  });

  test('a picture of one line keeps its axes', () => {
    const { x } = fitToModel(counting(1, 1, 4, 3), [3, 1, 4]);
    expect(Array.from(x.data)).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  });

  test('equal first and last axes could be swapped in two ways, and are refused', async () => {
    const message = await usageError(() => fitToModel(counting(1, 5, 7, 5), [5, 5, 7]));
    expect(message).toContain('could be the channels or the height and width');
  });
});

test.each([
  [[2, 3, 32, 32], [1, 32, 32], 'colour images and the model wants grey'],
  [[2, 28, 28], [3, 28, 28], 'grey images and the model wants colour'],
  [[28, 28], [1, 28, 28], 'x[None]'],
  [[10, 5], [4], 'one feature too many'],
  [[10, 3], [4], 'one feature too few'],
  [[10, 28, 28], [32, 32], 'do not belong together'],
  [[10, 28, 32], [32, 28], 'another order'],
  [[10, 3, 28, 32], [3, 32, 28], 'another order'],
  [[10, 3, 28, 32], [3, -1, -1], 'not fixed'],
])('%j for a model of %j: %s', async (shape, inputShape, expected) => {
  const message = await usageError(() => fitToModel(counting(...shape), inputShape));
  expect(message).toContain(expected);
  expect(message).toContain(`[${shape.join(', ')}]`);
  expect(message).toContain(`[${inputShape.join(', ')}]`);
});

test('one sample saved without the axis that counts samples is told so', async () => {
  const message = await usageError(() => fitToModel(counting(4), [4]));
  expect(message).toContain('x[None]');
  expect(message).not.toContain('exported for exactly');
});

test('a question at the end of a reason has no full stop behind it', async () => {
  const message = await usageError(() => fitToModel(counting(2, 5), [4]));
  expect(message).toMatch(/label column\?$/);
});
