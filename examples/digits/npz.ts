/** Writes bytes as NumPy's .npz: a zip archive of .npy files (format version 1.0), always dated alike. */
import { zipSync } from 'fflate';

export interface ByteArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

function npy({ shape, data }: ByteArray): Uint8Array {
  const fields = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  // The header ends in a newline, at a multiple of 64 bytes.
  const padding = 63 - ((10 + fields.length) % 64);
  const header = new TextEncoder().encode(`${fields}${' '.repeat(padding)}\n`);
  const magic = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0];
  return Uint8Array.from([...magic, header.length & 255, header.length >> 8, ...header, ...data]);
}

export function writeNpz(arrays: Readonly<Record<string, ByteArray>>): Uint8Array {
  const members = Object.entries(arrays).map(([key, array]) => [`${key}.npy`, npy(array)] as const);
  return zipSync(Object.fromEntries(members), { level: 9, mtime: new Date(1980, 0, 1) });
}
