/**
 * The IDX format of the MNIST files: two zero bytes, a byte for the element type, a byte for the
 * number of axes, the axes as big-endian 32-bit counts, then the elements, big-endian.
 */

import { sizeOf } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { decodeElements, elementBytes, showShape } from './array.ts';
import type { ElementType, StoredArray } from './array.ts';

const typeOfCode: Readonly<Record<number, ElementType>> = {
  0x08: 'uint8',
  0x09: 'int8',
  0x0b: 'int16',
  0x0c: 'int32',
  0x0d: 'float32',
  0x0e: 'float64',
};

export function isIdx(bytes: Uint8Array): boolean {
  const axes = bytes[3] ?? 0;
  return bytes[0] === 0 && bytes[1] === 0 && (bytes[2] ?? 0) in typeOfCode && axes > 0 && axes < 9;
}

/** The array in the bytes of an IDX file; `where` names it in errors. Throws UsageError. */
export function parseIdx(bytes: Uint8Array, where: string): StoredArray {
  const type = typeOfCode[bytes[2] ?? 0];
  if (!isIdx(bytes) || type === undefined) {
    throw new UsageError(
      `${where} does not begin as an IDX file (0, 0, element type, number of axes).`,
    );
  }
  const axes = bytes[3] ?? 0;
  const start = 4 + 4 * axes;
  if (bytes.length < start) {
    throw new UsageError(`${where} ends within its header: it is truncated; fetch it again.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = sizeOf(shape) * elementBytes[type];
  const found = bytes.length - start;
  if (expected !== found) {
    const fault = found < expected ? 'it is truncated' : 'something else follows the array';
    throw new UsageError(
      `${where} declares ${type} of shape ${showShape(shape)}, ${expected} bytes, but holds ${found}: ${fault}; fetch it again.`,
    );
  }
  return { type, shape, data: decodeElements(type, bytes.subarray(start), true) };
}

/**
 * The names that the labels of an IDX image file may have beside it: t10k-images-idx3-ubyte.gz goes
 * with t10k-labels-idx1-ubyte, packed or not. Empty when the name does not follow the convention.
 */
export function labelFileNames(imageFileName: string): string[] {
  const plain = imageFileName.replace(/\.gz$/i, '');
  const labels = plain.replace(/images([-.]?)idx\d/i, 'labels$1idx1');
  if (labels === plain) return [];
  return imageFileName === plain ? [labels, `${labels}.gz`] : [`${labels}.gz`, labels];
}
