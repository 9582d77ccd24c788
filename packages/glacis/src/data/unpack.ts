/**
 * Decompression that trusts nothing: what comes out is capped in bytes and in ratio, so that a file
 * of a megabyte cannot fill the memory. zlib's native inflate, stopped at the cap.
 */

import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { UsageError, messageOf } from '../errors.ts';
import { type FileBytes, MAX_BYTES, readFileBytes } from './file.ts';

export interface UnpackLimits {
  /** Most bytes that may come out of one file, all its members together. */
  readonly bytes: number;
  /** Most bytes that may come out per byte that went in … */
  readonly ratio: number;
  /**
   * … once this many came out: zeros are legitimate (deflate reaches 1030:1), and networks of published
   * benchmarks are some 257 MiB of almost nothing else in a megabyte. What hides its size is in memory
   * twice for a moment: twice this, and the process, stay below 1 GiB.
   */
  readonly free: number;
}

export const UNPACK_LIMITS: UnpackLimits = { bytes: MAX_BYTES, ratio: 100, free: 384 * 2 ** 20 };

/** The most bytes that `packed` bytes may unpack to. */
export function mostUnpacked(packed: number, limits: UnpackLimits): number {
  return Math.min(limits.bytes, Math.max(limits.free, limits.ratio * packed));
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The contents of a gzip file; `where` names it in errors. Throws UsageError. */
export function gunzip(
  bytes: Uint8Array,
  where: string,
  limits: UnpackLimits = UNPACK_LIMITS,
): Uint8Array<ArrayBuffer> {
  if (!isGzip(bytes)) {
    throw new UsageError(
      `${where} ends in .gz but is not gzip data; it may already be unpacked: rename it without .gz.`,
    );
  }
  const most = mostUnpacked(bytes.length, limits);
  // What says that it holds too much (or is cut short) is unpacked only as far as it takes to see.
  const declared = declaredSize(bytes);
  const within = declared > most ? Math.min(most, ENOUGH) : most;
  // In one piece where the size is true: pieces would be put together in as much memory again.
  const chunkSize = declared > most ? chunkFor(bytes.length) : Math.max(LEAST_CHUNK, declared);
  return bounded(where, most, () => gunzipSync(bytes, { maxOutputLength: within, chunkSize }));
}

/** The bytes of a file, unpacked when its name ends in .gz; the hash is that of the file itself. */
export async function readUnpacked(path: string): Promise<FileBytes> {
  const { bytes, sha256 } = await readFileBytes(path);
  return { bytes: /\.gz$/i.test(path) ? gunzip(bytes, path) : bytes, sha256 };
}

const ENOUGH = 2 ** 26;
const LEAST_CHUNK = 2 ** 14;

/** The last four bytes of a gzip file say how long its contents are, modulo 2³². */
function declaredSize(bytes: Uint8Array): number {
  const end = bytes.subarray(-4);
  return end.length < 4 ? 0 : new DataView(end.buffer, end.byteOffset, 4).getUint32(0, true);
}

/** Raw deflate data that must give exactly `size` bytes. Throws UsageError. */
export function inflateExactly(packed: Uint8Array, size: number, where: string): Uint8Array {
  const most = Math.max(size, 1);
  const bytes = bounded(where, most, () =>
    inflateRawSync(packed, { maxOutputLength: most, chunkSize: chunkFor(size) }),
  );
  if (bytes.length !== size) {
    throw new UsageError(
      `${where} unpacks to ${bytes.length} bytes but declares ${size}; the file is damaged.`,
    );
  }
  return bytes;
}

/** What the first part of raw deflate data gives: enough for `wanted` bytes, or nothing that is sure. */
export function inflateBeginning(packed: Uint8Array, wanted: number): Uint8Array {
  try {
    // What is stored and not packed is a few bytes longer than it was.
    const part = packed.subarray(0, wanted + 64);
    return inflateRawSync(part, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // What is damaged is found, and said, when all of it is unpacked.
    return new Uint8Array(0);
  }
}

function chunkFor(size: number): number {
  return Math.min(2 ** 22, Math.max(LEAST_CHUNK, size));
}

function bounded<T>(where: string, most: number, unpack: () => T): T {
  try {
    return unpack();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UsageError(
        `${where} unpacks to more than the ${most} bytes allowed for its size; it is refused as a decompression bomb: unpack it yourself if you trust it.`,
      );
    }
    throw new UsageError(
      `${where} cannot be unpacked (${messageOf(error)}); it is truncated or damaged.`,
    );
  }
}
