/** From the text of a flag to its value, and the word that was probably meant. */
import { describe, expect, test } from 'vitest';
import { nearest } from '../../src/cli/nearest.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { bytes, clip, fraction, radii, whole } from '../../src/cli/values.ts';

describe('the values of flags', () => {
  test('a radius may be a fraction, and a list is put in order', () => {
    expect(fraction('8/255', '--eps')).toBe(8 / 255);
    expect(radii('0.1,1e-3,0.1', '--eps')).toEqual([1e-3, 0.1]);
    for (const wrong of ['', 'a', '1/0', '1/2/3', '0.1,', '-1']) {
      expect(() => radii(wrong, '--eps')).toThrow('--eps');
    }
  });

  test('a clip has two ends in order', () => {
    expect(clip('-1,1', '--clip')).toEqual([-1, 1]);
    expect(clip('none', '--clip')).toBeNull();
    expect(() => clip('1', '--clip')).toThrow('the least and the greatest value');
    expect(() => clip('1,1', '--clip')).toThrow('empty');
  });

  test('sizes have units, and counts are whole', () => {
    expect(bytes('1.5G', '--memory')).toBe(1.5 * 2 ** 30);
    expect(() => bytes('much', '--memory')).toThrow('512M');
    expect(whole(1)('12', '--first')).toBe(12);
    expect(() => whole(1)('0', '--first')).toThrow('at least 1');
  });
});

test('a misspelt word finds the one it is nearest to', () => {
  expect(nearest('--clpi', ['--clip', '--class'])).toBe('--clip');
  expect(nearest('--work', ['--workers', '--weights'])).toBe('--workers');
  expect(nearest('--zzzzzz', ['--clip'])).toBeNull();
});

test('a flag of another command is said to belong there', () => {
  expect(() => parseCommandLine(['audit', 'm.onnx', '--check'])).toThrow(
    'belongs to glacis inspect',
  );
});
