// Threefry-4x32-20 against the known answers that its authors publish (Random123, kat_vectors), and the
// uniform numbers made of it.
import { describe, expect, test } from 'vitest';
import { fillUniform, threefry, type Words } from '../../src/tensor/threefry.ts';

const words = (a: string, b: string, c: string, d: string): Words => {
  const at = (hex: string): number => Number.parseInt(hex, 16);
  return [at(a), at(b), at(c), at(d)];
};

const ones = words('ffffffff', 'ffffffff', 'ffffffff', 'ffffffff');

test.each<[counter: Words, key: Words, answer: Words]>([
  [
    words('0', '0', '0', '0'),
    words('0', '0', '0', '0'),
    words('9c6ca96a', 'e17eae66', 'fc10ecd4', '5256a7d8'),
  ],
  [ones, ones, words('2a881696', '57012287', 'f6c7446e', 'a16a6732')],
  [
    words('243f6a88', '85a308d3', '13198a2e', '03707344'),
    words('a4093822', '299f31d0', '082efa98', 'ec4e6c89'),
    words('59cd1dbb', 'b8879579', '86b5d00c', 'ac8b6d84'),
  ],
])('the block at %j under %j is known', (counter, key, answer) => {
  expect([...threefry(key, counter)]).toEqual(answer);
});

describe('uniform numbers', () => {
  const block = (seed: number, stream: number, draw: number): Float32Array =>
    fillUniform(seed, stream, draw, new Float32Array(40_001));

  test('are the same for the same key and others for every other', () => {
    expect(block(1, 2, 3)).toEqual(block(1, 2, 3));
    for (const [seed, stream, draw] of [
      [2, 2, 3],
      [1 + 2 ** 32, 2, 3],
      [1, 3, 3],
      [1, 2, 4],
    ] as const) {
      expect(block(seed, stream, draw).subarray(0, 4)).not.toEqual(block(1, 2, 3).subarray(0, 4));
    }
  });

  test('fill (0, 1] evenly', () => {
    const values = block(5, 0, 0);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of values) {
      expect(value > 0 && value <= 1).toBe(true);
      const tenth = Math.min(9, Math.floor(value * 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // Five standard deviations of a binomial count.
    for (const count of tenths) expect(Math.abs(count - 4000)).toBeLessThan(5 * 60);
  });
});
