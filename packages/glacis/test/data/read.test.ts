/** Data sets of every format as the command line reads them, from real files. */

import { createHash } from 'node:crypto';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { floats, integers, tensor } from '@glacis/core';
import { describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/data/npy.ts';
import { writeNpz } from '../../src/data/npz.ts';
import { decodePicture } from '../../src/data/picture.ts';
import { readData } from '../../src/data/read.ts';
import { UNPACK_LIMITS, gunzip } from '../../src/data/unpack.ts';
import { UsageError } from '../../src/errors.ts';
import { bytesOf, folder, idx, jpeg, npy, npyHeader, png, usageError } from './bytes.ts';

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

describe('folders of images', () => {
  test('classes are folders in sorted order; images are channels first', async () => {
    const path = await folder({
      'cat/b.png': png(2, 1, 2, [1, 2, 3, 4, 5, 6]),
      'cat/a.png': png(2, 1, 2, [7, 8, 9, 10, 11, 12]),
      'ant/c.PNG': png(2, 1, 2, [0, 0, 0, 255, 255, 255]),
      'cat/notes.txt': 'hello',
      '.hidden/x.png': 'nothing',
    });
    const read = await readData(path, { scale: 1 });
    expect(read.names).toEqual(['ant/c.PNG', 'cat/a.png', 'cat/b.png']);
    expect(read.classNames).toEqual(['ant', 'cat']);
    expect(read.y).toEqual(Int32Array.of(0, 1, 1));
    expect(read.x.shape).toEqual([3, 3, 1, 2]);
    expect(Array.from(read.x.data.subarray(6, 12))).toEqual([7, 10, 8, 11, 9, 12]);
    expect(read.notes.join(' ')).toMatch(/0 = ant, 1 = cat.*1 files that are not PNG/);
    const again = await readData(path, { index: '2' });
    expect(again.names).toEqual(['cat/b.png']);
    expect(again.sha256).toBe(read.sha256);
    expect(Array.from(again.x.data)).toEqual([1, 4, 2, 5, 3, 6].map((v) => Math.fround(v / 255)));
  });

  test('folders named by numbers are those classes, gaps and tens included', async () => {
    const image = png(1, 1, 0, [1]);
    const named = (...names: string[]) =>
      folder(Object.fromEntries(names.map((name) => [`${name}/a.png`, image])));
    const gaps = await readData(await named('0', '1', '2', '4', '10'));
    expect(gaps.names).toEqual(['0/a.png', '1/a.png', '10/a.png', '2/a.png', '4/a.png']);
    expect(gaps.y).toEqual(Int32Array.of(0, 1, 10, 2, 4));
    expect(gaps.classNames).toBeNull();
    expect(gaps.notes.join()).toContain('are the class numbers: 0, 1, 2, 4, 10.');
    const mixed = await readData(await named('10', '2', 'cat'));
    expect(mixed.y).toEqual(Int32Array.of(0, 1, 2));
    expect(mixed.classNames).toEqual(['10', '2', 'cat']);
    // The same number twice is no numbering.
    expect((await readData(await named('1', '01'))).classNames).toEqual(['01', '1']);
  });

  test('grey images have one channel; transparency is left out, and said', async () => {
    const grey = await folder({ 'a.png': png(2, 2, 0, [1, 2, 3, 4]) });
    const read = await readData(grey, { scale: 1 });
    expect(read.x).toMatchObject({ shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(read.y).toBeNull();
    const clear = await folder({
      'a.png': png(1, 1, 6, [10, 20, 30, 128]),
      'b.png': png(1, 1, 0, [5]),
    });
    const both = await readData(clear, { scale: 1 });
    expect(Array.from(both.x.data)).toEqual([10, 20, 30, 5, 5, 5]);
    expect(both.notes.join(' ')).toMatch(/grey images among colour.*transparency/);
  });

  test('JPEG is read to within a few levels, and that is said', async () => {
    const path = await folder({ 'a/x.jpg': jpeg(16, 8, [200, 100, 50]) });
    const { x, notes } = await readData(path, { scale: 1 });
    expect(x.shape).toEqual([1, 3, 8, 16]);
    for (const [channel, level] of [200, 100, 50].entries()) {
      for (const value of x.data.subarray(channel * 128, channel * 128 + 128)) {
        expect(Math.abs(value - level)).toBeLessThan(4);
      }
    }
    expect(notes.join()).toContain('JPEG');
  });

  test('sizes that differ, damage and bombs are refused by name', async () => {
    const image = png(
      2,
      2,
      2,
      Array.from({ length: 12 }, (_, i) => i),
    );
    const huge = Buffer.from(image);
    huge.writeUInt32BE(1e9, 16);
    const interlaced = (zeros: number): Buffer => {
      const data = deflateSync(Buffer.alloc(zeros));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(data.length);
      const head = Buffer.from(image.subarray(0, 33));
      head[28] = 1;
      return Buffer.concat([head, length, Buffer.from('IDAT'), data, Buffer.alloc(4)]);
    };
    for (const [bytes, expected] of [
      [png(3, 2, 2, []), 'is 3 × 2 pixels but'],
      [image.subarray(0, 20), 'truncated'],
      [image.subarray(0, 50), 'damaged'],
      [image.subarray(0, image.length - 20), 'damaged'],
      [huge, 'pixels'],
      [interlaced(1e7), 'damaged'],
      [Buffer.from('not an image'), 'neither a PNG nor a JPEG'],
      [jpeg(2, 2, [1, 2, 3]).subarray(0, 100), 'JPEG'],
      [Buffer.of(0xff, 0xd8), 'JPEG'],
      [Buffer.of(), 'neither'],
    ] as const) {
      const path = await folder({ 'k/a.png': image, 'k/b.png': bytes });
      const message = await usageError(() => readData(path));
      expect(message).toContain('k/b.png');
      expect(message).toContain(expected);
    }
  });

  test('every truncation of a JPEG is refused', async () => {
    const image = jpeg(8, 8, [9, 99, 199]);
    for (let length = 0; length < image.length; length++) {
      const cut = image.subarray(0, length);
      expect(await usageError(() => decodePicture(cut, 'a.jpg'))).toContain('a.jpg');
    }
    expect(await usageError(async () => readData(await folder({})))).toContain('no PNG or JPEG');
  });

  test('a folder of splits is named as the mistake it is', async () => {
    const image = png(1, 1, 0, [1]);
    const split = await folder({ 'test/cat/a.png': image, 'train/cat/a.png': image });
    expect(await usageError(() => readData(split))).toContain('folders instead of images');
    const mixed = await folder({ 'a.png': image, 'cat/a.png': image });
    expect(await usageError(() => readData(mixed))).toContain('both images and folders');
    expect(await usageError(() => readData(mixed, { y: 'label' }))).toContain('leave out');
  });

  test('links are followed, and broken ones are errors', async () => {
    const target = await folder({ 'a.png': png(1, 1, 0, [1]) });
    const path = await folder({});
    await symlink(target, join(path, 'cat'));
    expect((await readData(path)).names).toEqual(['cat/a.png']);
    await symlink(join(target, 'absent'), join(path, 'dog'));
    expect(await usageError(() => readData(path))).toContain('There is no file');
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
