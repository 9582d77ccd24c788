/**
 * Opens a data file or folder of any format: what it holds, as stored, before samples are chosen,
 * scaled and checked. The format follows from the name; the contents must then agree with it.
 * The parsers of tables and images are loaded only when there is one, since start-up counts.
 */

import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { StoredArray } from './array.ts';
import { kindOfPath } from './file.ts';
import { isIdx, labelFileNames, parseIdx } from './idx.ts';
import { isNpy, parseNpy } from './npy.ts';
import { chooseKeys } from './npz-keys.ts';
import { readNpz } from './npz.ts';
import { isGzip, readUnpacked } from './unpack.ts';
import { isZip } from './zip.ts';

/** A file as it is on disk. */
export interface HashedFile {
  readonly path: string;
  readonly sha256: string;
}

export interface Source {
  readonly sha256: string;
  readonly samples: number;
  /** The stored inputs, their first axis being either all samples or (`chosen`) the given ones. */
  load(indices: readonly number[]): Promise<LoadedInputs>;
  /** Labels of all samples, as stored. */
  readonly y: StoredArray | null;
  /** The second file, when the labels come from one. */
  readonly labelFile: HashedFile | null;
  readonly featureNames: string[] | null;
  readonly classNames: string[] | null;
  readonly names: string[] | null;
  readonly notes: string[];
}

export interface LoadedInputs {
  readonly stored: StoredArray;
  readonly holds: 'all' | 'chosen';
  readonly notes: string[];
}

/** What the user says about where inputs and labels are. */
export interface SourceOptions {
  /** The key of the inputs in a .npz file. */
  readonly x?: string | undefined;
  /**
   * The labels: a key of a .npz file, a column of a table, a second file for .npy and IDX; 'none'
   * when there are none.
   */
  readonly y?: string | undefined;
}

type Format = 'npz' | 'npy' | 'csv' | 'idx';

/** Opens the data at `path`. Throws UsageError. */
export async function openSource(path: string, options: SourceOptions): Promise<Source> {
  if ((await kindOfPath(path)) === 'folder') return openFolder(path, options);
  const { bytes, sha256 } = await readUnpacked(path);
  if (bytes.length === 0) throw new UsageError(`${path} is empty.`);
  const format = formatOf(path, bytes);
  if (options.x !== undefined && format !== 'npz') {
    throw new UsageError(`--x names an array of a .npz file, and ${path} is none; leave it out.`);
  }
  switch (format) {
    case 'npz':
      return fromNpz(bytes, sha256, path, options);
    case 'csv': {
      const { parseCsv } = await import('./csv.ts');
      const { x, notes, ...table } = parseCsv(bytes, path, options.y);
      return { ...fromArray(x, sha256), ...table, notes };
    }
    case 'npy':
    case 'idx': {
      const parse = format === 'npy' ? parseNpy : parseIdx;
      const source = fromArray(parse(bytes, path), sha256);
      const labels = await labelPath(path, format, options.y);
      return { ...source, ...(await readLabelFile(labels.path)), notes: labels.notes };
    }
  }
}

/**
 * One array from a .npy, .npz or IDX file: in a .npz the one named `key`, else its only one. Throws
 * UsageError.
 */
export async function readArray(
  path: string,
  key: string,
): Promise<{ stored: StoredArray; sha256: string }> {
  const { bytes, sha256 } = await readUnpacked(path);
  return { stored: arrayOf(bytes, path, key), sha256 };
}

function arrayOf(bytes: Uint8Array, path: string, key: string): StoredArray {
  if (bytes.length === 0) throw new UsageError(`${path} is empty.`);
  const format = formatOf(path, bytes);
  if (format === 'npy') return parseNpy(bytes, path);
  if (format === 'idx') return parseIdx(bytes, path);
  if (format === 'csv') throw new UsageError(`${path}: give this array as .npy or .npz.`);
  const npz = readNpz(bytes, path);
  const [only, ...others] = npz.keys;
  if (npz.keys.includes(key)) return npz.read(key);
  if (only !== undefined && others.length === 0) return npz.read(only);
  throw new UsageError(`${path} has no array ${key}; it has ${npz.keys.join(', ')}.`);
}

function fromArray(stored: StoredArray, sha256: string): Source {
  return {
    sha256,
    samples: stored.shape[0] ?? 0,
    load: () => Promise.resolve({ stored, holds: 'all', notes: [] }),
    y: null,
    labelFile: null,
    featureNames: null,
    classNames: null,
    names: null,
    notes: [],
  };
}

function fromNpz(bytes: Uint8Array, sha256: string, path: string, options: SourceOptions): Source {
  const npz = readNpz(bytes, path);
  const keys = chooseKeys(npz.keys, options, path);
  const y = keys.y === null ? null : npz.read(keys.y);
  return { ...fromArray(npz.read(keys.x), sha256), y, notes: keys.notes };
}

async function openFolder(path: string, options: SourceOptions): Promise<Source> {
  if (options.x !== undefined || (options.y !== undefined && options.y !== 'none')) {
    throw new UsageError(
      `${path} is a folder, whose labels are the names of its folders; leave out --x and --y.`,
    );
  }
  const { hashImages, listImageFolder, readImages } = await import('./image-folder.ts');
  const { names, y, classNames, notes } = await listImageFolder(path);
  return {
    sha256: await hashImages(path, names),
    samples: names.length,
    load: async (indices) => {
      const chosen = indices.map((i) => names[i] ?? '');
      const { x, notes: said } = await readImages(path, chosen);
      return { stored: x, holds: 'chosen', notes: said };
    },
    y: options.y === 'none' ? null : y,
    labelFile: null,
    featureNames: null,
    classNames,
    names,
    notes,
  };
}

async function labelPath(
  path: string,
  format: 'npy' | 'idx',
  asked: string | undefined,
): Promise<{ path: string | null; notes: string[] }> {
  if (asked === 'none') return { path: null, notes: [] };
  if (asked !== undefined) return { path: asked, notes: [] };
  if (format === 'npy') return { path: null, notes: [] };
  for (const name of labelFileNames(basename(path))) {
    const candidate = join(dirname(path), name);
    const exists = await access(candidate).then(
      () => true,
      () => false,
    );
    if (exists) return { path: candidate, notes: [`The labels are read from ${candidate}.`] };
  }
  return { path: null, notes: [`No file of labels is beside ${path}; --y names one.`] };
}

async function readLabelFile(
  path: string | null,
): Promise<{ y: StoredArray | null; labelFile: HashedFile | null }> {
  if (path === null) return { y: null, labelFile: null };
  const { bytes, sha256 } = await readUnpacked(path);
  if (isNpy(bytes)) return { y: parseNpy(bytes, path), labelFile: { path, sha256 } };
  if (isIdx(bytes)) return { y: parseIdx(bytes, path), labelFile: { path, sha256 } };
  throw new UsageError(`${path} holds no labels: it is neither a .npy nor an IDX file.`);
}

function formatOf(path: string, bytes: Uint8Array): Format {
  const name = basename(path).replace(/\.gz$/i, '').toLowerCase();
  const ending = /\.([a-z0-9]+)$/.exec(name)?.[1] ?? '';
  if (ending === 'npz' || ending === 'npy') return ending;
  if (['csv', 'tsv', 'txt'].includes(ending)) return 'csv';
  if (ending === 'idx' || /idx\d|ubyte/.test(name)) return 'idx';
  if (isNpy(bytes)) return 'npy';
  if (isZip(bytes)) return 'npz';
  if (isIdx(bytes)) return 'idx';
  const packed = isGzip(bytes) ? ' (it is gzip data: let its name end in .gz)' : '';
  throw new UsageError(
    `${path} is in no format that is read${packed}; give .npz, .npy, .csv, IDX, or a folder of PNG or JPEG images: in Python, numpy.savez('data.npz', x=x, y=y).`,
  );
}
