import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { problemOf } from '@glacis/core';
import { expect, test } from 'vitest';
import { inQuery, readQuery } from '../../src/data/query.ts';
import { folder, usageError } from './bytes.ts';

const text = `(declare-const X_0 Real)
(declare-const Y_0 Real) ; ünïcode
(assert (<= X_0 1))
(assert (<= Y_0 0))`;

test('a query is read from a text file, gzipped or not', async () => {
  const at = await folder({ 'a.vnnlib': text, 'b.vnnlib.gz': gzipSync(text) });
  const plain = await readQuery(join(at, 'a.vnnlib'));
  const packed = await readQuery(join(at, 'b.vnnlib.gz'));
  expect(plain.query.variableCount).toBe(2);
  expect(packed.query.formula).toEqual(plain.query.formula);
  expect(packed.sha256).not.toBe(plain.sha256);
});

test('what is wrong is said with file, line and column', async () => {
  const at = await folder({
    'a.vnnlib': text,
    'b.vnnlib': `${text})`,
    'c.vnnlib': 'a\0\u001b[31m',
  });
  const bad = join(at, 'b.vnnlib');
  expect(await usageError(() => readQuery(bad))).toBe(
    `${bad}: line 4, column 20: expected '(' of a declaration or an assertion, found ')'.`,
  );
  const open = await readQuery(join(at, 'a.vnnlib'));
  expect(await usageError(() => inQuery(open.path, () => problemOf(open.query)))).toMatch(
    /a\.vnnlib: line 1, column 16: input X_0 has no lower bound\.$/,
  );
  expect(await usageError(() => readQuery(join(at, 'c.vnnlib')))).toMatch(
    /no text.*Is it the model/,
  );
  expect(await usageError(() => readQuery(join(at, 'd.vnnlib')))).toMatch(/There is no file/);
});

test('a fault that is none of the query is left as it is', () => {
  const action = (): never => {
    throw new RangeError('other');
  };
  expect(() => inQuery('a.vnnlib', action)).toThrow(RangeError);
});
