/** Labels: which arrays are class numbers, and whether they fit the model. */

import { describe, expect, test } from 'vitest';
import type { StoredArray } from '../../src/data/array.ts';
import { checkLabels, toLabels } from '../../src/data/labels.ts';
import { usageError } from './bytes.ts';

const floats = (values: number[], shape = [values.length]): StoredArray => ({
  type: 'float32',
  shape,
  data: Float32Array.from(values),
});

describe('reading', () => {
  test('whole numbers of any type are class numbers', () => {
    const three = Int32Array.of(0, 2, 1);
    const arrays: StoredArray[] = [
      floats([0, 2, 1]),
      floats([0, 2, 1], [3, 1]),
      { type: 'int64', shape: [3], data: BigInt64Array.of(0n, 2n, 1n) },
      { type: 'uint8', shape: [3, 1, 1], data: Uint8Array.of(0, 2, 1) },
    ];
    for (const array of arrays)
      expect(toLabels(array, 3, 'y')).toMatchObject({ y: three, arePositions: false, notes: [] });
    const bools: StoredArray = { type: 'bool', shape: [2], data: Uint8Array.of(1, 0) };
    expect(toLabels(bools, 2, 'y').y).toEqual(Int32Array.of(1, 0));
  });

  test('one-hot rows are the position of their 1, and that is said', () => {
    const { y, notes, arePositions } = toLabels(floats([0, 0, 1, 1, 0, 0], [2, 3]), 2, 'y');
    expect(arePositions).toBe(true);
    expect(y).toEqual(Int32Array.of(2, 0));
    expect(notes[0]).toContain('one-hot over 3 classes');
  });

  test('other numbers are targets of a regression', () => {
    expect(toLabels(floats([0.5, 2]), 2, 'y').y).toEqual(Float64Array.of(0.5, 2));
    expect(toLabels(floats([1e10, 2]), 2, 'y').y).toEqual(Float64Array.of(1e10, 2));
  });

  test.each([
    [floats([1, 2]), 'do not go with 3 samples'],
    [floats([1], []), 'do not go with 3 samples'],
    [floats([1, NaN, 2]), 'the label of sample 1 is NaN'],
    [floats([1, 2, Infinity]), 'the label of sample 2 is Infinity'],
    [floats([0, 1, 1, 0, 1, 1], [3, 2]), 'sample 2 is not one-hot'],
    [floats([0, 1, 1, 0, 0, 0], [3, 2]), 'sample 2 is not one-hot'],
    [floats([0, 1, 0.5, 0.5, 0, 1], [3, 2]), 'sample 1 is not one-hot'],
    [
      floats(
        Array.from({ length: 12 }, () => 0),
        [3, 2, 2],
      ),
      'neither',
    ],
    [{ type: 'int64', shape: [3], data: BigInt64Array.of(1n, 2n ** 40n, 0n) }, 'no class number'],
  ] as [StoredArray, string][])('%# is refused: %s', async (array, expected) => {
    expect(await usageError(() => toLabels(array, 3, 'y.npy'))).toContain(expected);
  });
});

describe('against the model', () => {
  test('class numbers below the number of outputs fit', () => {
    expect(() => checkLabels(Int32Array.of(0, 9), 10)).not.toThrow();
  });

  test('the first that does not fit is named, at its place in the file', async () => {
    const message = await usageError(() => checkLabels(Int32Array.of(0, 12), 10, [3, 5]));
    expect(message).toContain('Label 12 at sample 5');
    expect(message).toContain('10 outputs');
    expect(message).toContain('belong together');
  });

  test('labels that count from one, or are −1 and 1, are recognised', async () => {
    const counted = await usageError(() => checkLabels(Int32Array.of(1, 10, 4), 10));
    expect(counted).toContain('subtract 1');
    const signs = await usageError(() => checkLabels(Int32Array.of(-1, 1), 2));
    expect(signs).toContain('as 0 and 1');
    const real = await usageError(() => checkLabels(Float64Array.of(1, 0.5), 2));
    expect(real).toContain('Label 0.5 at sample 1 is not a class number');
  });
});
