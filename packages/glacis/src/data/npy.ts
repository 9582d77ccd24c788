/**
 * NumPy's .npy format, versions 1 to 3 (numpy.lib.format): a magic, a header that is a Python
 * dictionary, then the elements. Numbers and booleans only; pickled objects would run code and are
 * refused. The declared shape must fill the file exactly, so no header can ask for memory.
 */

import { sizeOf } from '@glacis/core';
import type { DataType, Tensor } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { decodeElements, elementBytes, fromFortranOrder, showShape } from './array.ts';
import type { ElementType, StoredArray } from './array.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_AXES = 64;
/** NumPy itself writes some hundred bytes, and by default reads ten thousand. */
const MAX_HEADER = 2 ** 16;

const typeOfCode: Readonly<Record<string, ElementType>> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

const codeOfType: Readonly<Record<DataType, string>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int32: '<i4',
  int64: '<i8',
  float32: '<f4',
  float64: '<f8',
};

export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** The array in the bytes of a .npy file; `where` names it in errors. Throws UsageError. */
export function parseNpy(bytes: Uint8Array, where: string): StoredArray {
  if (!isNpy(bytes)) {
    throw new UsageError(`${where} does not begin as a .npy file; save it with numpy.save.`);
  }
  const { type, bigEndian, fortran, shape, start } = wholeHeader(bytes, bytes.length, where);
  const stored = { type, shape, data: decodeElements(type, bytes.subarray(start), bigEndian) };
  return fortran ? fromFortranOrder(stored) : stored;
}

/** Bytes that hold any header an array of numbers needs. */
export const HEADER_BYTES = MAX_HEADER + 12;

/** Throws UsageError where a file of `size` bytes that begins so cannot hold the array it declares. */
export function checkDeclared(beginning: Uint8Array, size: number, where: string): void {
  if (isNpy(beginning)) wholeHeader(beginning, size, where);
}

/** The header of a file of `size` bytes, which its array fills. Throws UsageError. */
function wholeHeader(
  bytes: Uint8Array,
  size: number,
  where: string,
): Header & { readonly start: number } {
  const { text, start } = headerOf(bytes, where);
  const header = parseHeader(text, where);
  const { type, shape } = header;
  const expected = sizeOf(shape) * elementBytes[type];
  const found = size - start;
  if (expected !== found) {
    const fault = found < expected ? 'it is truncated' : 'something else follows the array';
    throw new UsageError(
      `${where} declares ${type} of shape ${showShape(shape)}, ${expected} bytes, but holds ${found}: ${fault}; save it again.`,
    );
  }
  return { ...header, start };
}

/** The bytes of a version 1.0 .npy file holding `t`, as numpy.save would write it. */
export function writeNpy(t: Tensor): Uint8Array {
  return npyBytes(codeOfType[t.type], t.shape, t.data);
}

/** The same of words, an array of one axis, each as wide as the widest. */
export function writeNpyWords(words: readonly string[]): Uint8Array {
  const points = words.map((word) => Array.from(word, (letter) => letter.codePointAt(0) ?? 0));
  const width = Math.max(1, ...points.map(({ length }) => length));
  const data = new Uint32Array(words.length * width);
  points.forEach((word, i) => data.set(word, i * width));
  return npyBytes(`<U${width}`, [words.length], data);
}

function npyBytes(
  code: string,
  sizes: readonly number[],
  { buffer, byteOffset, byteLength }: ArrayBufferView,
): Uint8Array {
  const shape = sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;
  const dict = `{'descr': '${code}', 'fortran_order': False, 'shape': ${shape}, }`;
  // The header is padded so that the elements start at a multiple of 64, and ends in a newline.
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64 - 10;
  const header = Buffer.from(dict.padEnd(length - 1) + '\n', 'latin1');
  const bytes = new Uint8Array(10 + length + byteLength);
  bytes.set([...MAGIC, 1, 0, length & 0xff, length >> 8]);
  bytes.set(header, 10);
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength), 10 + length);
  return bytes;
}

function headerOf(bytes: Uint8Array, where: string): { text: string; start: number } {
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) {
    throw new UsageError(
      `${where} is a .npy file of unknown version ${major}.${bytes[7] ?? 0}; save it again with numpy.save.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthEnd = major === 1 ? 10 : 12;
  const whole = bytes.length >= lengthEnd;
  const length = !whole ? 0 : major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = lengthEnd + length;
  if (!whole || start > bytes.length) {
    throw new UsageError(`${where} ends within its header: it is truncated; save it again.`);
  }
  if (length > MAX_HEADER) {
    throw new UsageError(
      `${where} has a header of ${length} bytes, which no array of numbers needs; save it with numpy.save.`,
    );
  }
  const text = Buffer.from(bytes.subarray(lengthEnd, start)).toString(
    major === 3 ? 'utf8' : 'latin1',
  );
  return { text, start };
}

interface Header {
  type: ElementType;
  bigEndian: boolean;
  fortran: boolean;
  shape: number[];
}

function parseHeader(text: string, where: string): Header {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|\[)/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)\b/.exec(text);
  const axes = /'shape'\s*:\s*\(([^()]*)\)/.exec(text);
  if (!descr || !order || !axes) {
    throw new UsageError(`${where} has a header that is not NumPy's; save it with numpy.save.`);
  }
  const code = descr[1] ?? 'structured';
  const type = typeOfCode[code.replace(/^[<>=|]/, '')];
  if (type === undefined) throw unsupported(code, where);
  return {
    type,
    bigEndian: code.startsWith('>'),
    fortran: order[1] === 'True',
    shape: parseShape(axes[1] ?? '', where),
  };
}

function parseShape(text: string, where: string): number[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  // Python 2 wrote long integers with a trailing L.
  const shape = parts.map((part) => (/^\d{1,16}L?$/.test(part) ? parseInt(part, 10) : NaN));
  const size = sizeOf(shape);
  if (
    shape.length > MAX_AXES ||
    !shape.every(Number.isSafeInteger) ||
    !Number.isSafeInteger(size)
  ) {
    throw new UsageError(
      `${where} has the impossible shape (${text.slice(0, 80).trim()}); save it again.`,
    );
  }
  return shape;
}

function unsupported(code: string, where: string): UsageError {
  if (code.endsWith('O')) {
    return new UsageError(
      `${where} holds pickled Python objects, which are not read because unpickling runs code; re-save it with numpy.save(file, array.astype('float32'), allow_pickle=False).`,
    );
  }
  if (/^[<>=|]?[US]\d*$/.test(code)) {
    return new UsageError(
      `${where} holds text; save whole numbers instead, for labels the second result of numpy.unique(labels, return_inverse=True).`,
    );
  }
  return new UsageError(
    `${where} holds elements of type ${code}; only booleans, integers and float16, float32 and float64 are read: convert with array.astype('float32').`,
  );
}
