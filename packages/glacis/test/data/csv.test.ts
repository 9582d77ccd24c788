/** Tables: headers, label columns, class names, and cells that are no numbers. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredArray } from '../../src/data/array.ts';
import { parseCsv } from '../../src/data/csv.ts';
import { usageError } from './bytes.ts';

const read = (text: string, label?: string) => parseCsv(Buffer.from(text), 'a.csv', label);

const numbers = (stored: StoredArray | null): number[] =>
  Array.from({ length: stored?.data.length ?? 0 }, (_, i) => Number(stored?.data[i]));

describe('header and labels', () => {
  test('text labels are numbered in sorted order', () => {
    const table = read('a,b,kind\n1,2,dog\n3,4,cat\n5,6,dog\n');
    expect(table.x).toEqual({
      type: 'float32',
      shape: [3, 2],
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
    expect(table.featureNames).toEqual(['a', 'b']);
    expect(table.classNames).toEqual(['cat', 'dog']);
    expect(numbers(table.y)).toEqual([1, 0, 1]);
    expect(table.notes.join(' ')).toMatch(/last column \(kind\).*0 = cat, 1 = dog/);
  });

  test('no header, text in the label column alone', () => {
    const table = read('5.1,3.5,setosa\n4.9,3.0,other\n');
    expect(table.x.shape).toEqual([2, 2]);
    expect(table.featureNames).toBeNull();
    expect(table.classNames).toEqual(['other', 'setosa']);
  });

  test.each([
    ['label,f1,f2\n3,0.5,1\n', 'label'],
    ['label,f1,f2\n3,0.5,1\n', '0'],
    ['label,f1,f2\n3,0.5,1\n', '-3'],
    ['3,0.5,1\n', '0'],
  ])('%j has its labels in column %s', (text, label) => {
    const table = read(text, label);
    expect(numbers(table.x)).toEqual([0.5, 1]);
    expect(numbers(table.y)).toEqual([3]);
    expect(table.notes).toEqual([]);
  });

  test('strings that are all class numbers are those numbers', () => {
    const table = read('a,y\n1,"10"\n2,"2"\n3,"0"\n');
    expect(numbers(table.y)).toEqual([10, 2, 0]);
    expect(table.classNames).toBeNull();
  });

  test.each([
    ['Target,a,b\n1,2,3\n', 'column 0 (Target)', [1]],
    ['a,CLASS,b\n1,2,3\n', 'column 1 (CLASS)', [2]],
    ['x,y,label\n1,2,3\n', 'the last column (label)', [3]],
    ['labels,x,y\n1,2,3\n', 'column 0 (labels)', [1]],
    ['a,b,c\n1,2,3\n', 'the last column (c)', [3]],
    ['5,2,3\n', 'the last column;', [3]],
  ])('%j has its labels in %s', (text, said, expected) => {
    const table = read(text);
    expect(numbers(table.y)).toEqual(expected);
    expect(table.notes.join()).toContain(`The labels are ${said}`);
  });

  test('a first line that counts the columns is a header, with or without a label', () => {
    expect(read('0,1,2,3\n5,6,7,8\n').x.shape).toEqual([1, 3]);
    expect(read('label,1,2,3\n5,6,7,8\n', 'label').x.shape).toEqual([1, 3]);
    expect(read('0,1,2,label\n5,6,7,8\n').notes.join()).toContain('counts the columns');
  });

  test('without labels every column is a feature', () => {
    const table = read('1,2\n3,4\n', 'none');
    expect(table.y).toBeNull();
    expect(table.x.shape).toEqual([2, 2]);
  });

  test('byte order mark, semicolons, tabs, quotes, blanks, comments and CRLF are understood', () => {
    for (const text of [
      '\ufeff"a, b";c;y\r\n1;2;0\r\n\r\n 3 ;4;1\r\n',
      '# made by hand\na\tb\ty\n1\t2\t0\n3\t4\t1',
      '"a","b","y"\n"1","2","0"\n"3","4","1"\n',
    ]) {
      const table = read(text);
      expect(numbers(table.x)).toEqual([1, 2, 3, 4]);
      expect(numbers(table.y)).toEqual([0, 1]);
    }
  });

  test('numbers survive the way through text', () => {
    const cell = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const text = `a,b\n${rows.map((row) => row.join(',')).join('\n')}`;
        // Text cannot tell 0 from −0 once JavaScript has printed it.
        const expected = rows.flat().map((value) => value + 0);
        expect(numbers(read(text, 'none').x)).toEqual(expected);
      }),
    );
  });
});

describe('errors', () => {
  test.each([
    ['a,b,y\n1,2,0\n1,,0\n', 'line 3, column 1 (b): the cell is empty'],
    ['a,b,y\n1,2,0\n1,two,0\n', 'line 3, column 1 (b): the cell holds "two"'],
    ['1,2,0\n?,2,0\n', 'line 2, column 0: the cell holds "?"'],
    ['?,2,0\n1,2,0\n', 'line 1, column 0: the cell holds "?"'],
    ['a,b\nNaN,0\n', 'line 2, column 0 (a): the cell holds "NaN"'],
    ['a,b\n1e999,0\n', 'holds "1e999"'],
    ['a,b\n1e39,0\n', 'holds "1e39", not a finite float32'],
    ['a,b\n0x10,0\n', 'holds "0x10"'],
    ['a,y\n1,0\n2,\n', 'line 3: the label is empty'],
    ['a,y\n1,0\n2,nan\n', 'line 3: the label is nan'],
    ['a,b,y\n1,2\n', 'not a well-formed table'],
    ['a,b,y\n1,"2,0\n', 'not a well-formed table'],
    ['', 'is empty'],
    ['\n\n', 'is empty'],
    ['a,b,y\n', 'no samples'],
    ['y\n1\n', 'no columns besides'],
  ])('%j: %s', async (text, expected) => {
    expect(await usageError(() => read(text))).toContain(expected);
  });

  test('an unknown or ambiguous label column lists the columns', async () => {
    expect(await usageError(() => read('a,b\n1,2\n', 'c'))).toContain('it has 2 columns: a, b');
    expect(await usageError(() => read('a,b\n1,2\n', '2'))).toContain('no column 2');
    expect(await usageError(() => read('a,a\n1,2\n', 'a'))).toContain('2 columns named a');
  });
});

test('a line of more columns than any table has is refused before it is read', async () => {
  const bytes = Buffer.from('0,'.repeat(2 ** 20 + 5));
  expect(await usageError(() => parseCsv(bytes, 'a.csv'))).toContain('columns on its first line');
});
