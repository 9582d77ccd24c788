/** Labels of a data file as columns of a model whose file names its classes. */
import { join } from 'node:path';
import { type ClassLabels, integers, tensor } from '@glacis/core';
import { describe, expect, test } from 'vitest';
import { type ClassedLabels, labelsAsColumns } from '../../src/data/model-classes.ts';
import { type DataSet, readData } from '../../src/data/read.ts';
import { writeNpz } from '../../src/data/npz.ts';
import { folder, usageError } from './bytes.ts';

const numbered = async (labels: number[], first?: number): Promise<DataSet> => {
  const x = tensor('float32', [labels.length, 1], new Float32Array(labels.length));
  const path = await folder({ 'a.npz': writeNpz({ x, y: integers(labels) }) });
  return readData(join(path, 'a.npz'), { first });
};

const named = async (names: readonly string[]): Promise<DataSet> => {
  const lines = names.map((name) => `0,${name}`);
  const path = await folder({ 'a.csv': Buffer.from(['f,label', ...lines, ''].join('\n')) });
  return readData(join(path, 'a.csv'));
};

const columns = ({ y }: ClassedLabels): number[] => Array.from(y ?? []);
const said = ({ notes }: ClassedLabels): string => notes.join(' ');

describe('numbers', () => {
  test('that are classes of the model mean these, and that is said', async () => {
    const labels = labelsAsColumns(await numbered([11, 3, 7]), [3, 7, 11]);
    expect(columns(labels)).toEqual([2, 0, 1]);
    expect(labels.classNames).toEqual(['3', '7', '11']);
    expect(said(labels)).toContain('0 = 3, 1 = 7, 2 = 11');
  });

  test('that are not are positions, where they can be, and that is said', async () => {
    const labels = labelsAsColumns(await numbered([0, 2, 1]), [3, 7, 11]);
    expect(columns(labels)).toEqual([0, 2, 1]);
    expect(said(labels)).toContain('positions');
  });

  test('are read by all labels of the file, not by the chosen ones alone', async () => {
    const classes = [1, 2, 3];
    expect(columns(labelsAsColumns(await numbered([1, 2, 0], 2), classes))).toEqual([1, 2]);
    expect(columns(labelsAsColumns(await numbered([1, 2, 3], 2), classes))).toEqual([0, 1]);
    // A sample without a class does not decide about those that have one.
    expect(columns(labelsAsColumns(await numbered([1, 3, -1], 2), classes))).toEqual([0, 2]);
  });

  test('that are neither are refused', async () => {
    const data = await numbered([3, 4]);
    expect(await usageError(() => labelsAsColumns(data, [3, 7, 11]))).toMatch(
      /Label 4 at sample 1 is none of the classes .* 3, 7, 11/,
    );
  });

  test('are left alone where the classes are numbered from 0, or have no names', async () => {
    const data = await numbered([1, 0]);
    for (const classes of [[0, 1], null] as (ClassLabels | null)[]) {
      expect(labelsAsColumns(data, classes)).toMatchObject({ y: data.y, notes: data.notes });
    }
  });

  test('that are positions of one-hot rows stay so', async () => {
    const x = tensor('float32', [2, 1], new Float32Array(2));
    const y = tensor('uint8', [2, 3], Uint8Array.of(0, 1, 0, 0, 0, 1));
    const path = await folder({ 'a.npz': writeNpz({ x, y }) });
    const labels = labelsAsColumns(await readData(join(path, 'a.npz')), [1, 2, 3]);
    expect(columns(labels)).toEqual([1, 2]);
  });
});

describe('names', () => {
  test('are found among those of the model, whatever their order and number', async () => {
    const labels = labelsAsColumns(await named(['owl', 'cat', 'owl']), ['owl', 'dog', 'cat']);
    expect(columns(labels)).toEqual([0, 2, 0]);
    expect(said(labels)).toContain('0 = owl, 1 = dog, 2 = cat');
    expect(said(labels)).not.toContain('sorted order');
  });

  test('that the model does not know are refused', async () => {
    const data = await named(['owl', 'bee']);
    expect(await usageError(() => labelsAsColumns(data, ['owl', 'dog', 'cat']))).toMatch(
      /Label "bee" at sample 1 is none/,
    );
  });

  test('of classes that the model calls by numbers are numbered in sorted order', async () => {
    const labels = labelsAsColumns(await named(['yes', 'no']), [1, 2]);
    expect(columns(labels)).toEqual([1, 0]);
    expect(said(labels)).toContain('calls its classes 1, 2');
  });
});
