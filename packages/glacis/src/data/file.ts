/**
 * Reads a whole file into memory and hashes it. Everything that can go wrong outside of the file's
 * contents (absent, a folder, no permission, too large) ends here as a sentence.
 */

import { constants } from 'node:buffer';
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { UsageError, messageOf } from '../errors.ts';

/** The most bytes a file, or anything unpacked from it, may have: 4 GiB. */
export const MAX_BYTES = Math.min(4 * 2 ** 30, constants.MAX_LENGTH);

export interface FileBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes on disk, in hexadecimal. */
  readonly sha256: string;
}

// One system call reads at most 2 GiB, so larger files need a loop in any case.
const CHUNK = 2 ** 26;

/** Whether `path` is a file or a folder. Throws UsageError when it is neither. */
export async function kindOfPath(path: string): Promise<'file' | 'folder'> {
  const found = await explained(path, () => stat(path));
  if (found.isDirectory()) return 'folder';
  if (found.isFile()) return 'file';
  throw new UsageError(
    `${path} is neither a file nor a folder; save its contents to a file first.`,
  );
}

/** All bytes of the file at `path`. Throws UsageError when they cannot be read. */
export async function readFileBytes(path: string): Promise<FileBytes> {
  if ((await kindOfPath(path)) === 'folder') {
    throw new UsageError(`${path} is a folder where a file is expected.`);
  }
  return explained(path, async () => {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES) {
        throw new UsageError(
          `${path} has ${size} bytes, more than the ${MAX_BYTES} that can be read; split it.`,
        );
      }
      const bytes = new Uint8Array(size);
      const hash = createHash('sha256');
      let filled = 0;
      while (filled < size) {
        const length = Math.min(CHUNK, size - filled);
        const { bytesRead } = await file.read(bytes, filled, length, filled);
        if (bytesRead === 0) throw new UsageError(`${path} became shorter while it was read.`);
        hash.update(bytes.subarray(filled, filled + bytesRead));
        filled += bytesRead;
      }
      return { bytes, sha256: hash.digest('hex') };
    } finally {
      await file.close();
    }
  });
}

/** Runs `action` and turns a failure of the file system into a sentence about `path`. */
export async function explained<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    switch (code) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new UsageError(`There is no file or folder ${path}.`);
      case 'EACCES':
      case 'EPERM':
        throw new UsageError(`${path} may not be read: permission denied.`);
      default:
        throw new UsageError(`${path} cannot be read: ${messageOf(error)}.`);
    }
  }
}
