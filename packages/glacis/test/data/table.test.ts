/** Weights and frozen features of tabular threats. */

import { floats } from '@glacis/core';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/data/npy.ts';
import { featureWeights, frozenFeatures } from '../../src/data/table.ts';
import { folder, usageError } from './bytes.ts';

const x = floats([1, 7, 1e7, 3, 7, 1e7 + 2], [2, 3]);

describe('weights', () => {
  test('the standard deviation of {1, 3} is 1, and a constant feature is frozen', async () => {
    const spread = await featureWeights('std', x);
    expect(spread?.weights).toEqual(Float32Array.of(1, 1, 1));
    expect(spread?.frozen).toEqual([1]);
    expect(spread?.notes[0]).toContain('frozen: 1');
  });

  test('a constant whose mean is rounded is still constant', async () => {
    const column = Array.from({ length: 30 }, (_, i) => [0.1, i]).flat();
    expect((await featureWeights('std', floats(column, [10, 6])))?.frozen).toEqual([0, 2, 4]);
  });

  test('nothing given is nothing weighted; nothing varying is an error', async () => {
    expect(await featureWeights(undefined, x)).toBeNull();
    const message = await usageError(() => featureWeights('std', floats([1, 2], [1, 2])));
    expect(message).toContain('no feature varies');
  });

  test('files give one positive number for each feature', async () => {
    const path = await folder({
      'w.npy': writeNpy(floats([1, 2, 0.5])),
      'w.csv': '1,2,0.5\n',
      'lines.csv': '1\r\n2\r\n0.5\r\n',
      'w.json': '[1, 2, 0.5]',
      'short.json': '[1, 2]',
      'zero.json': '[1, 0, 2]',
      'text.json': '{"a": 1}',
      'broken.json': '[1,',
      'huge.json': '[1, 1e300, 1]',
      'text.csv': '1,two,3',
      'w.bin': '1,2,3',
    });
    for (const name of ['w.npy', 'w.csv', 'lines.csv', 'w.json']) {
      const read = await featureWeights(join(path, name), x);
      expect(read).toEqual({ weights: Float32Array.of(1, 2, 0.5), frozen: [], notes: [] });
    }
    for (const [name, expected] of [
      ['short.json', 'holds 2 weights but the data have 3'],
      ['zero.json', 'gives feature 1 the weight 0'],
      ['text.json', 'must be a JSON list'],
      ['broken.json', 'is not JSON'],
      ['huge.json', 'the weight 1e+300'],
      ['text.csv', '"two", not a number'],
      ['w.bin', 'neither std nor'],
      ['absent.csv', 'There is no file'],
    ] as const) {
      expect(await usageError(() => featureWeights(join(path, name), x))).toContain(expected);
    }
  });
});

describe('frozen features', () => {
  const names = ['age', 'capital-gain', '7', 'sex'];

  test('names come first, then positions and ranges', () => {
    expect(frozenFeatures('sex, age', names, 4)).toEqual([0, 3]);
    expect(frozenFeatures('capital-gain,2-3', names, 4)).toEqual([1, 2, 3]);
    expect(frozenFeatures('7', names, 4)).toEqual([2]);
    expect(frozenFeatures('5-7,3', null, 8)).toEqual([3, 5, 6, 7]);
  });

  test('what matches neither is an error', async () => {
    expect(await usageError(() => frozenFeatures('height', names, 4))).toContain(
      'age, capital-gain',
    );
    expect(await usageError(() => frozenFeatures('age', null, 4))).toContain('no names');
    expect(await usageError(() => frozenFeatures('4', names, 4))).toContain('out of range');
    expect(await usageError(() => frozenFeatures('', names, 4))).toContain('no feature ""');
  });
});
