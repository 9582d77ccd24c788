/** .npz and the zip archive under it: keys, determinism, and archives that lie or explode. */

import { floats, integers, tensor } from '@glacis/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseKeys } from '../../src/data/npz-keys.ts';
import { writeNpy } from '../../src/data/npy.ts';
import { readNpz, writeNpz } from '../../src/data/npz.ts';
import { usageError, zip } from './bytes.ts';

const one = writeNpy(floats([1, 2, 3]));

describe('reading', () => {
  test('members are read deflated, stored, with zip64 sizes, and behind a comment', () => {
    for (const archive of [
      zip([{ name: 'x.npy', data: one }]),
      zip([{ name: 'x.npy', data: one, method: 0 }]),
      zip([
        { name: 'other.txt', data: Buffer.from('hello') },
        { name: 'x.npy', data: one, wide: true },
      ]),
      zip([{ name: 'x.npy', data: one }], 'made by hand'),
    ]) {
      const npz = readNpz(archive, 'a.npz');
      expect(npz.keys).toEqual(['x']);
      expect(npz.read('x')).toMatchObject({ shape: [3], data: Float32Array.of(1, 2, 3) });
    }
  });

  test('what is written is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (values) => {
        const arrays = {
          x: floats(values),
          y: integers([7]),
          'δ/1': tensor('bool', [1], Uint8Array.of(1)),
        };
        const npz = readNpz(writeNpz(arrays), 'a.npz');
        expect(npz.keys).toEqual(['x', 'y', 'δ/1']);
        for (const [key, t] of Object.entries(arrays)) expect(npz.read(key)).toEqual(t);
      }),
    );
  });

  test('the same arrays give the same bytes, whenever and wherever they are written', () => {
    const zone = process.env['TZ'];
    const bytes = ['UTC', 'Asia/Tokyo', 'America/New_York'].map((name) => {
      process.env['TZ'] = name;
      return Buffer.from(writeNpz({ x: floats([1, 2]) })).toString('hex');
    });
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
    expect(new Set(bytes).size).toBe(1);
  });
});

describe('hostile archives', () => {
  const archive = zip([{ name: 'x.npy', data: one }]);
  const open = (bytes: Uint8Array) => () => readNpz(bytes, 'a.npz').read('x');

  test('every truncation is an error, and so is anything after the end', async () => {
    for (let length = 0; length < archive.length; length++) {
      expect(await usageError(open(archive.subarray(0, length)))).toContain('a.npz');
    }
    expect(await usageError(open(Buffer.concat([archive, Buffer.of(1)])))).toContain('truncated');
  });

  test('no flipped bit goes unnoticed or crashes', () => {
    for (let bit = 0; bit < archive.length * 8; bit++) {
      const damaged = Buffer.from(archive);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        const npz = readNpz(damaged, 'a.npz');
        // A bit of a name or of a field that nobody reads may change without harm.
        for (const key of npz.keys) expect(npz.read(key).data).toEqual(Float32Array.of(1, 2, 3));
      } catch (error) {
        expect(error).toMatchObject({ name: 'UsageError' });
      }
    }
  });

  test('a member that declares terabytes is refused before it is unpacked', async () => {
    const huge = zip([{ name: 'x.npy', data: one, size: 2 ** 40, wide: true }]);
    expect(await usageError(open(huge))).toContain('decompression bomb');
  });

  test('an array larger than its member is refused by its header, before all is unpacked', async () => {
    const lying = writeNpy(floats(new Float32Array(10)));
    const header = Buffer.from(lying.subarray(0, lying.length - 40));
    const text = header
      .toString('latin1')
      .replace('(10,), }', '(10000000,), }')
      .slice(0, header.length);
    const member = Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(4e6)]);
    const read = open(zip([{ name: 'x.npy', data: member }]));
    expect(await usageError(read)).toContain('40000000 bytes, but holds 4000000');
  });

  test('a member that is larger than it declares is stopped there', async () => {
    const liar = zip([{ name: 'x.npy', data: new Uint8Array(1e6), size: 100 }]);
    expect(await usageError(open(liar))).toContain('more than the 100 bytes');
    const short = zip([{ name: 'x.npy', data: one, size: one.length + 1 }]);
    expect(await usageError(open(short))).toContain('declares');
  });

  test('the ratio guard and the sum over members are limits of the archive', async () => {
    const limits = { bytes: 3000, ratio: 10, free: 1000 };
    const zeros = writeNpy(floats(new Float32Array(300)));
    const npz = readNpz(zip([{ name: 'x.npy', data: zeros }]), 'a.npz', limits);
    expect(await usageError(() => npz.read('x'))).toContain('bomb');
    const stored = { data: zeros, method: 0 };
    const both = zip([
      { name: 'x.npy', ...stored },
      { name: 'y.npy', ...stored },
      { name: 'z.npy', ...stored },
    ]);
    const three = readNpz(both, 'a.npz', limits);
    three.read('x');
    three.read('y');
    expect(await usageError(() => three.read('z'))).toContain('bomb');
  });

  test('encryption, unknown methods and wrong checksums are named', async () => {
    const bad = (part: object): Buffer => zip([{ name: 'x.npy', data: one, ...part }]);
    expect(await usageError(open(bad({ flags: 1 })))).toContain('encrypted');
    expect(await usageError(open(bad({ method: 12 })))).toContain('method 12');
    expect(await usageError(open(bad({ crc: 1 })))).toContain('checksum');
  });
});

describe('keys', () => {
  test.each([
    [['y', 'x'], 'x', 'y', 0],
    [['x'], 'x', null, 0],
    [['x', 'labels'], 'x', 'labels', 1],
    [['x_train', 'y_train', 'x_test', 'y_test'], 'x_test', 'y_test', 2],
    [['X', 'y'], 'X', 'y', 1],
    [['images', 'labels'], 'images', 'labels', 2],
    [
      ['train_images', 'train_labels', 'test_images', 'test_labels'],
      'test_images',
      'test_labels',
      2,
    ],
    [['arr_0', 'arr_1'], 'arr_0', 'arr_1', 2],
    [['anything'], 'anything', null, 1],
  ])('of %j the inputs are %s and the labels %s', (keys, x, y, notes) => {
    const chosen = chooseKeys(keys, {}, 'a.npz');
    expect(chosen).toMatchObject({ x, y });
    expect(chosen.notes).toHaveLength(notes);
  });

  test('labels of the same split go with inputs that are asked for', () => {
    const keys = ['x_train', 'y_train', 'x_test', 'y_test', 'images_val', 'labels_val'];
    expect(chooseKeys(keys, { x: 'x_train' }, 'a').y).toBe('y_train');
    expect(chooseKeys(keys, { x: 'images_val' }, 'a').y).toBe('labels_val');
    expect(chooseKeys(keys, { x: 'x_train', y: 'none' }, 'a').y).toBeNull();
  });

  test('a missing key is an error that lists what there is', async () => {
    const message = await usageError(() => chooseKeys(['u', 'v'], {}, 'a.npz'));
    expect(message).toContain('it holds u, v');
    expect(await usageError(() => chooseKeys(['x'], { y: 'z' }, 'a.npz'))).toContain('no array z');
    expect(await usageError(() => chooseKeys([], {}, 'a.npz'))).toContain('no arrays');
  });
});
