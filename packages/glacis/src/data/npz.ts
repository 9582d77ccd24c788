/**
 * NumPy's .npz format: a zip archive whose members are .npy files, one for each key. Arrays are
 * unpacked when asked for, so what is not used costs nothing. Writing is deterministic.
 */

import { zipSync } from 'fflate';
import type { Tensor } from '@glacis/core';
import { UsageError } from '../errors.ts';
import type { StoredArray } from './array.ts';
import { checkDeclared, HEADER_BYTES, parseNpy, writeNpy, writeNpyWords } from './npy.ts';
import { UNPACK_LIMITS } from './unpack.ts';
import type { UnpackLimits } from './unpack.ts';
import { beginningOf, extractMember, isZip, listZip } from './zip.ts';

export interface Npz {
  /** The keys of the arrays, in the order of the file. */
  readonly keys: readonly string[];
  /** The array under `key`, which must be one of `keys`. Throws UsageError when it is damaged. */
  read(key: string): StoredArray;
}

/** Opens the bytes of a .npz file; `where` names it in errors. Throws UsageError. */
export function readNpz(
  bytes: Uint8Array,
  where: string,
  limits: UnpackLimits = UNPACK_LIMITS,
): Npz {
  if (!isZip(bytes)) {
    throw new UsageError(`${where} does not begin as a .npz file; save it with numpy.savez.`);
  }
  const members = new Map(
    listZip(bytes, where)
      .filter((member) => member.name.endsWith('.npy'))
      .map((member) => [member.name.slice(0, -'.npy'.length), member]),
  );
  let left = limits.bytes;
  return {
    keys: [...members.keys()],
    read(key) {
      const member = members.get(key);
      if (!member) throw new RangeError(`no array ${key}`);
      const within = { ...limits, bytes: left };
      const beginning = beginningOf(bytes, member, where, HEADER_BYTES, within);
      checkDeclared(beginning, member.size, `Array ${key} of ${where}`);
      const data = extractMember(bytes, member, where, within);
      left -= data.length;
      return parseNpy(data, `Array ${key} of ${where}`);
    },
  };
}

/**
 * The bytes of a .npz file with the given arrays (numbers, or words), deflated. The same arrays give the same bytes:
 * every member is dated 1980-01-01, the earliest that zip can say.
 */
export function writeNpz(arrays: Readonly<Record<string, Tensor | readonly string[]>>): Uint8Array {
  const members = Object.entries(arrays).map(
    ([key, array]) =>
      [`${key}.npy`, 'type' in array ? writeNpy(array) : writeNpyWords(array)] as const,
  );
  // The library reads dates in local time, so the date is a local one as well.
  return zipSync(Object.fromEntries(members), { level: 6, mtime: new Date(1980, 0, 1) });
}
