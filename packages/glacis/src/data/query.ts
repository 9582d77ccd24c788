/** A VNN-LIB query on disk: its text, unpacked where the name ends in .gz, its hash, and the reading. */
import { constants } from 'node:buffer';
import { parseVnnlib, type Query, VnnlibError } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { readUnpacked } from './unpack.ts';

export interface QueryFile {
  readonly path: string;
  /** Of the bytes on disk, in hexadecimal. */
  readonly sha256: string;
  readonly query: Query;
}

/** Reads a .vnnlib or .vnnlib.gz file. Throws UsageError, with line and column for faults of the query; and what `tick` throws. */
export async function readQuery(path: string, tick?: () => void): Promise<QueryFile> {
  const { bytes, sha256 } = await readUnpacked(path);
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new UsageError(`${path} has ${bytes.length} bytes, more than a query may have.`);
  }
  if (bytes.subarray(0, 1000).includes(0)) {
    throw new UsageError(`${path} is no text; a VNN-LIB query is. Is it the model?`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return { path, sha256, query: inQuery(path, () => parseVnnlib(text, tick)) };
}

/** Runs `action` and names the file in what it finds wrong with the query. */
export function inQuery<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof VnnlibError)) throw error;
    throw new UsageError(`${path}: ${error.message}.`, { cause: error });
  }
}
