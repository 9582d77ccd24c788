/** Folders of images as data sets, from real files: classes by folder, sizes, damage, links. */

import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodePicture } from '../../src/data/picture.ts';
import { readData } from '../../src/data/read.ts';
import { folder, jpeg, png, usageError } from './bytes.ts';

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
