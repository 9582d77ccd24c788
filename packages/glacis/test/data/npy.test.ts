/** .npy: every element type, order and version, the round trip, and files that lie. */

import { tensor } from '@glacis/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halfToNumber } from '../../src/data/array.ts';
import { parseNpy, writeNpy, writeNpyWords } from '../../src/data/npy.ts';
import { bytesOf, npy, npyHeader, usageError } from './bytes.ts';

const values = (bytes: Uint8Array): number[] =>
  Array.from({ length: parseNpy(bytes, 'a.npy').data.length }, (_, i) =>
    Number(parseNpy(bytes, 'a.npy').data[i]),
  );

describe('element types', () => {
  test.each([
    ['|b1', Uint8Array.of(0, 1), [0, 1]],
    ['|u1', Uint8Array.of(0, 255), [0, 255]],
    ['|i1', Int8Array.of(-128, 127), [-128, 127]],
    ['<i2', Int16Array.of(-32768, 7), [-32768, 7]],
    ['<u2', Uint16Array.of(65535, 7), [65535, 7]],
    ['<i4', Int32Array.of(-5, 2 ** 31 - 1), [-5, 2 ** 31 - 1]],
    ['<u4', Uint32Array.of(5, 2 ** 32 - 1), [5, 2 ** 32 - 1]],
    ['<i8', BigInt64Array.of(-5n, 6n), [-5, 6]],
    ['<u8', BigUint64Array.of(5n, 6n), [5, 6]],
    ['<f2', Uint16Array.of(0x3c00, 0xc000), [1, -2]],
    ['<f4', Float32Array.of(0.5, -1e30), [0.5, Math.fround(-1e30)]],
    ['<f8', Float64Array.of(0.1, -1e300), [0.1, -1e300]],
  ])('%s is read in both byte orders', (descr, data, expected) => {
    const little = bytesOf(data);
    expect(values(npy(npyHeader(descr, '(2,)'), little))).toEqual(expected);
    const size = little.length / 2;
    const big = Uint8Array.from([
      ...little.slice(0, size).toReversed(),
      ...little.slice(size).toReversed(),
    ]);
    expect(values(npy(npyHeader(descr.replace('<', '>'), '(2,)'), big))).toEqual(expected);
  });

  test('binary16 has subnormals, infinities and a largest number', () => {
    expect(halfToNumber(0x0001)).toBe(2 ** -24);
    expect(halfToNumber(0x7bff)).toBe(65504);
    expect(halfToNumber(0xfc00)).toBe(-Infinity);
    expect(halfToNumber(0x7e01)).toBeNaN();
    expect(halfToNumber(0x3555)).toBe(0.333251953125);
  });
});

test('words are written as NumPy stores them: four bytes a letter, each as wide as the widest', () => {
  const bytes = writeNpyWords(['pgd', 'fmn-ℓ0']);
  const text = Buffer.from(bytes).toString('latin1');
  expect(text).toContain("{'descr': '<U6', 'fortran_order': False, 'shape': (2,), }");
  const letters = Array.from('pgd\0\0\0fmn-ℓ0', (letter) => letter.codePointAt(0) ?? 0);
  expect(bytes.subarray(-48)).toEqual(bytesOf(Uint32Array.from(letters)));
});

describe('headers', () => {
  test.each([1, 2, 3])('version %i is read', (major) => {
    const bytes = npy(npyHeader('<f4', '(1, 2)'), bytesOf(Float32Array.of(1, 2)), major);
    expect(parseNpy(bytes, 'a.npy')).toMatchObject({ type: 'float32', shape: [1, 2] });
  });

  test('keys may come in any order and long integers end in L', () => {
    const header = "{'shape': (2L, 1L), 'fortran_order': False, 'descr': '<f4'}";
    expect(parseNpy(npy(header, bytesOf(Float32Array.of(1, 2))), 'a').shape).toEqual([2, 1]);
  });

  test('a scalar has the shape []', () => {
    expect(parseNpy(npy(npyHeader('<f4', '()'), new Uint8Array(4)), 'a').shape).toEqual([]);
  });

  test('element (i, j, k) of Fortran order is stored at i + j·a + k·a·b', () => {
    const [a, b, c] = [2, 3, 4];
    const stored = Float32Array.from({ length: 24 }, (_, i) => i);
    const header = npyHeader('<f4', '(2, 3, 4)', true);
    const { data } = parseNpy(npy(header, bytesOf(stored)), 'a');
    for (let i = 0; i < a; i++) {
      for (let j = 0; j < b; j++) {
        for (let k = 0; k < c; k++) expect(data[(i * b + j) * c + k]).toBe(i + j * a + k * a * b);
      }
    }
  });
});

describe('round trip', () => {
  test('what is written is read back bit by bit', () => {
    const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.float()), (shape, stream) => {
        const size = shape.reduce((product, dim) => product * dim, 1);
        const data = Float32Array.from(stream.take(size));
        const read = parseNpy(writeNpy(tensor('float32', shape, data)), 'a');
        expect(read).toEqual({ type: 'float32', shape, data });
      }),
    );
  });

  test('the header is as numpy.save writes it', () => {
    const bytes = Buffer.from(writeNpy(tensor('int64', [2], BigInt64Array.of(1n, 2n))));
    expect(bytes.length).toBe(128 + 16);
    expect(bytes.toString('latin1', 0, 128)).toBe(
      `\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }`.padEnd(
        127,
      ) + '\n',
    );
  });

  test('every type of a host tensor can be written', () => {
    for (const t of [
      tensor('bool', [1], Uint8Array.of(1)),
      tensor('int8', [1], Int8Array.of(-3)),
      tensor('uint8', [1], Uint8Array.of(200)),
      tensor('int32', [1], Int32Array.of(-9)),
      tensor('float64', [1], Float64Array.of(0.1)),
    ]) {
      expect(parseNpy(writeNpy(t), 'a')).toEqual(t);
    }
  });
});

describe('hostile files', () => {
  const good = npy(npyHeader('<f4', '(2, 2)'), new Uint8Array(16));

  test('every truncation is an error, and so is a byte too many', async () => {
    for (let length = 0; length < good.length; length++) {
      const cut = good.subarray(0, length);
      expect(await usageError(() => parseNpy(cut, 'a.npy'))).toContain('a.npy');
    }
    const longer = Buffer.concat([good, Buffer.of(0)]);
    expect(await usageError(() => parseNpy(longer, 'a.npy'))).toContain('something else follows');
  });

  test.each([
    '(1000000000,)',
    '(1000000000, 1000000000)',
    '(99999999999999999999,)',
    '(0, 9999999999999999)',
    '(-1, 4)',
    '(2.5,)',
    `(${'1, '.repeat(100)})`,
  ])('the shape %s asks for nothing', async (shape) => {
    const bytes = npy(npyHeader('<f4', shape), new Uint8Array(16));
    expect(await usageError(() => parseNpy(bytes, 'a.npy'))).toMatch(/a\.npy (has|declares)/);
  });

  test('pickled objects are refused with the way to save them again', async () => {
    const bytes = npy(npyHeader('|O', '(1,)'), new Uint8Array(16));
    const message = await usageError(() => parseNpy(bytes, 'a.npy'));
    expect(message).toContain('allow_pickle=False');
    expect(message).toContain('astype');
  });

  test.each(['<U5', '|S3', '<c8', '<M8[ns]', '<f16', '|V4', 'f', ''])(
    'elements %j are refused',
    async (descr) => {
      const bytes = npy(npyHeader(descr, '(1,)'), new Uint8Array(16));
      expect(await usageError(() => parseNpy(bytes, 'a.npy'))).toContain('a.npy holds');
    },
  );

  test('structured elements, other headers and versions are refused', async () => {
    const structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    for (const bytes of [
      npy(structured, new Uint8Array(4)),
      npy('', new Uint8Array(4)),
      npy('{}', new Uint8Array(4)),
      npy(npyHeader('<f4', '(1,)'), new Uint8Array(4), 9),
      Buffer.from('not a npy file at all'),
    ]) {
      expect(await usageError(() => parseNpy(bytes, 'a.npy'))).toContain('a.npy');
    }
  });

  test('no bytes after the magic crash the reader', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        const bytes = Buffer.concat([good.subarray(0, 8), noise]);
        expect(await usageError(() => parseNpy(bytes, 'a.npy'))).toContain('a.npy');
      }),
    );
  });
});
