/** Data sets of every format as the command line reads them, from real files. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { floats, integers, tensor } from '@glacis/core';
import { describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/data/npy.ts';
import { writeNpz } from '../../src/data/npz.ts';
import { readData } from '../../src/data/read.ts';
import { UNPACK_LIMITS, gunzip } from '../../src/data/unpack.ts';
import { UsageError } from '../../src/errors.ts';
import { bytesOf, folder, idx, npy, npyHeader, usageError } from './bytes.ts';

test('a UsageError carries the exit code 2', () => {
  expect(new UsageError('no')).toMatchObject({ name: 'UsageError', exitCode: 2, message: 'no' });
});

describe('arrays', () => {
  const pixels = tensor('uint8', [3, 2], Uint8Array.of(0, 1, 51, 128, 254, 255));

  test('uint8 is divided by 255 as float32 does it, and kept with a scale of 1', async () => {
    const path = await folder({ 'a.npz': writeNpz({ x: pixels, y: integers([1, 0, 1]) }) });
    const file = join(path, 'a.npz');
    const read = await readData(file);
    expect(read.x.shape).toEqual([3, 2]);
    expect(read.x.data).toEqual(Float32Array.from(pixels.data, (v) => Math.fround(v / 255)));
    expect(read.eightBit).toBe(true);
    expect(read.y).toEqual(Int32Array.of(1, 0, 1));
    expect(read.notes.join(' ')).toContain('divided by 255');
    expect(read.sha256).toBe(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
    const kept = await readData(file, { scale: 1 });
    expect(Array.from(kept.x.data)).toEqual(Array.from(pixels.data));
    expect((await readData(file, { scale: 1 / 255 })).x).toEqual(read.x);
    expect(await usageError(() => readData(file, { scale: 0 }))).toContain('--scale 0');
  });

  test('a pair of .npy files, packed or not, is read together', async () => {
    const path = await folder({
      'x.npy': writeNpy(tensor('float64', [2, 1], Float64Array.of(0.1, 0.2))),
      'y.npy.gz': gzipSync(writeNpy(integers([4, 5]))),
    });
    const y = join(path, 'y.npy.gz');
    const read = await readData(join(path, 'x.npy'), { y });
    expect(read.x.data).toEqual(Float32Array.of(0.1, 0.2));
    expect(read.y).toEqual(Int32Array.of(4, 5));
    expect(read.labelFile?.path).toBe(y);
    expect(read.notes).toEqual(['x is float64 in the file and is rounded to float32.']);
    expect((await readData(join(path, 'x.npy'))).y).toBeNull();
  });

  test('chosen samples keep their place in the file', async () => {
    const x = floats([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]);
    const path = await folder({ 'a.npz': writeNpz({ x, y: integers([0, 0, 1, 2]) }) });
    const read = await readData(join(path, 'a.npz'), { index: '3,1' });
    expect(Array.from(read.x.data)).toEqual([6, 7, 2, 3]);
    expect(read).toMatchObject({ indices: [3, 1], total: 4, y: Int32Array.of(2, 0) });
    const first = await readData(join(path, 'a.npz'), { first: 2 });
    expect(first.notes.join()).toContain('All 2 chosen samples have the label 0');
  });

  test('NaN, infinity and what float32 cannot hold are named with sample and position', async () => {
    const path = await folder({
      'nan.npy': writeNpy(floats([0, 1, 2, 3, 4, 5, 6, NaN], [2, 2, 2])),
      'inf.npy': writeNpy(floats([0, -Infinity], [2, 1])),
      'big.npy': writeNpy(tensor('float64', [1, 1], Float64Array.of(1e39))),
    });
    const message = await usageError(() => readData(join(path, 'nan.npy')));
    expect(message).toContain('NaN at position [1, 1] of sample 1');
    expect(await usageError(() => readData(join(path, 'nan.npy'), { index: '1' }))).toContain(
      'of sample 1',
    );
    expect(await usageError(() => readData(join(path, 'inf.npy')))).toContain('-Infinity');
    expect(await usageError(() => readData(join(path, 'big.npy')))).toContain('1e+39');
  });

  test.each([
    ['(0, 4)', 'no samples'],
    ['(4, 0)', 'samples are empty'],
    ['(1000000000, 0)', 'too many'],
  ])('the shape %s holds nothing', async (shape, expected) => {
    const path = await folder({ 'x.npy': npy(npyHeader('<f4', shape), new Uint8Array(0)) });
    expect(await usageError(() => readData(join(path, 'x.npy')))).toContain(expected);
  });

  test('rounded integers and forgotten scales are said', async () => {
    const path = await folder({
      'wide.npy': writeNpy(tensor('int32', [1, 1], Int32Array.of(2 ** 24 + 1))),
      'pixels.npy': writeNpy(floats([0, 200], [1, 2])),
    });
    expect((await readData(join(path, 'wide.npy'))).notes.join()).toContain('rounded');
    expect((await readData(join(path, 'pixels.npy'))).notes.join()).toContain('--scale 1/255');
  });
});

describe('tables and IDX', () => {
  test('a packed table has names, classes and labels', async () => {
    const path = await folder({ 'a.csv.gz': gzipSync('a,b,y\n0.1,2,no\n3,4,yes\n') });
    const read = await readData(join(path, 'a.csv.gz'));
    expect(read).toMatchObject({
      x: { shape: [2, 2], data: Float32Array.of(0.1, 2, 3, 4) },
      y: Int32Array.of(0, 1),
      featureNames: ['a', 'b'],
      classNames: ['no', 'yes'],
      eightBit: false,
    });
  });

  test('MNIST images find their labels by name, packed or not', async () => {
    const images = idx(8, [2, 2, 2], Uint8Array.of(0, 255, 0, 0, 255, 0, 0, 0));
    const path = await folder({
      't10k-images-idx3-ubyte.gz': gzipSync(images),
      't10k-labels-idx1-ubyte': idx(8, [2], Uint8Array.of(7, 3)),
      'train-images.idx3-ubyte': images,
      'short-images-idx3-ubyte': images,
      'short-labels-idx1-ubyte': idx(8, [3], Uint8Array.of(7, 3, 1)),
      'cut-images-idx3-ubyte': images.subarray(0, 20),
    });
    const read = await readData(join(path, 't10k-images-idx3-ubyte.gz'));
    expect(read).toMatchObject({ x: { shape: [2, 2, 2] }, y: Int32Array.of(7, 3), eightBit: true });
    const alone = await readData(join(path, 'train-images.idx3-ubyte'));
    expect(alone.y).toBeNull();
    expect(alone.notes.join()).toContain('No file of labels');
    const given = join(path, 't10k-labels-idx1-ubyte');
    expect((await readData(join(path, 'train-images.idx3-ubyte'), { y: given })).y).toHaveLength(2);
    const short = await usageError(() => readData(join(path, 'short-images-idx3-ubyte')));
    expect(short).toContain('do not go with 2 samples');
    const cut = await usageError(() => readData(join(path, 'cut-images-idx3-ubyte')));
    expect(cut).toContain('truncated');
  });

  test('IDX is big-endian', async () => {
    const path = await folder({
      'a.idx': idx(0x0d, [1, 2], Uint8Array.of(0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0)),
      'huge.idx': idx(8, [4294967295, 4294967295, 4294967295], new Uint8Array(3)),
    });
    expect(Array.from((await readData(join(path, 'a.idx'))).x.data)).toEqual([1, -2]);
    expect(await usageError(() => readData(join(path, 'huge.idx')))).toContain('truncated');
  });
});

describe('files that are not what they are called', () => {
  test('each is refused in a sentence that names it', async () => {
    const path = await folder({
      'empty.npy': '',
      'empty.csv': '',
      'text.npz': 'hello, world',
      'text.npy': 'hello, world',
      'text.npy.gz': 'hello, world',
      'cut.npy.gz': gzipSync(writeNpy(floats([1]))).subarray(0, 30),
      'model.pt': 'whatever',
      'array.dat': gzipSync('whatever'),
      'scalar.npy': npy(npyHeader('<f4', '()'), bytesOf(Float32Array.of(1))),
    });
    for (const [name, expected] of [
      ['empty.npy', 'is empty'],
      ['empty.csv', 'is empty'],
      ['text.npz', 'does not begin as a .npz'],
      ['text.npy', 'does not begin as a .npy'],
      ['text.npy.gz', 'is not gzip data'],
      ['cut.npy.gz', 'truncated or damaged'],
      ['model.pt', 'in no format that is read'],
      ['array.dat', 'let its name end in .gz'],
      ['scalar.npy', 'no samples'],
      ['absent.npz', 'There is no file'],
    ] as const) {
      const message = await usageError(() => readData(join(path, name)));
      expect(message).toContain(name);
      expect(message).toContain(expected);
    }
    const stray = await usageError(() => readData(join(path, 'text.npy'), { x: 'x' }));
    expect(stray).toContain('--x names an array');
    expect(await usageError(() => readData('/dev/null'))).toContain('neither a file nor a folder');
  });

  test('a network of zeros as large as the largest of the benchmarks is unpacked', () => {
    const size = 269_561_725;
    const packed = gzipSync(new Uint8Array(size), { level: 1 });
    expect(packed.length).toBeLessThan(size / UNPACK_LIMITS.ratio);
    expect(gunzip(packed, 'tllBench.onnx.gz')).toHaveLength(size);
    expect(2 * UNPACK_LIMITS.free).toBeLessThanOrEqual(0.75 * 2 ** 30);
  });

  test('a gzip bomb stops at its limit', async () => {
    const packed = gzipSync(new Uint8Array(1e6));
    expect(gunzip(packed, 'a.gz')).toHaveLength(1e6);
    // What declares too much is not unpacked to its end.
    const lying = gzipSync(new Uint8Array(2 ** 27));
    new DataView(lying.buffer, lying.byteOffset).setUint32(lying.length - 4, 2 ** 31, true);
    expect(() => gunzip(lying, 'lying.gz')).toThrow(/decompression bomb/);
    const limits = { ...UNPACK_LIMITS, free: 1e5 };
    expect(await usageError(() => gunzip(packed, 'a.gz', limits))).toContain('decompression bomb');
  });
});
