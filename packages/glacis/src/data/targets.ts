/** Targets: the class that an attacker wants of each input of the data, from a file of their own or beside the inputs. */
import { access } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import type { ClassColumns } from './class-columns.ts';
import type { StoredArray } from './array.ts';
import { kindOfPath } from './file.ts';
import { toLabels } from './labels.ts';
import { listed } from './model-classes.ts';
import { readNpz } from './npz.ts';
import { readArray } from './source.ts';
import { readUnpacked } from './unpack.ts';
import { isZip } from './zip.ts';

export interface Targets {
  /** Where they are from, as the user said it. */
  readonly where: string;
  /** By position in the data. */
  readonly classes: readonly number[];
  readonly notes: readonly string[];
}

/** The array of a .npz file of targets, where it has several. */
const KEY = 'target';

/** The targets in a file, or in an array of that name of the .npz file of the data. Throws UsageError. */
export async function readTargets(
  where: string,
  dataPath: string,
  { names, columnOf }: ClassColumns,
): Promise<Targets> {
  const { stored, from } = await storedTargets(where, dataPath, names);
  const given = toLabels(stored, stored.shape[0] ?? 0, `--target ${where}`, 'target');
  const classes = Array.from(given.y, given.arePositions ? Number : columnOf);
  const odd = classes.findIndex((k) => !Number.isInteger(k) || k < 0);
  if (odd >= 0) {
    throw new UsageError(
      `--target ${where}: the target of input ${odd} is ${given.y[odd]}, which is no class; ${rangeOf(names)}.`,
    );
  }
  return { where, classes, notes: [`The targets are ${from}.`, ...given.notes] };
}

/** What classes may be. */
export function rangeOf(names: readonly string[] | null): string {
  return names ? `the classes are ${listed(names)}` : 'classes are whole numbers from 0';
}

/** Whether there is something at a path. */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function storedTargets(
  where: string,
  dataPath: string,
  names: readonly string[] | null,
): Promise<{ stored: StoredArray; from: string }> {
  if (await isThere(where)) {
    const { stored, sha256 } = await readArray(where, KEY);
    return { stored, from: `read from ${where} (sha256 ${sha256})` };
  }
  const isFolder = (await kindOfPath(dataPath)) === 'folder';
  const bytes = isFolder ? new Uint8Array() : (await readUnpacked(dataPath)).bytes;
  const noClass = names ? `; ${rangeOf(names)}` : '';
  if (!isZip(bytes)) throw new UsageError(`--target ${where}: there is no such file${noClass}.`);
  const npz = readNpz(bytes, dataPath);
  if (npz.keys.includes(where)) {
    return { stored: npz.read(where), from: `the array ${where} of ${dataPath}` };
  }
  throw new UsageError(
    `--target ${where}: there is no such file, and no such array in ${dataPath}; it holds ${npz.keys.join(', ')}${noClass}.`,
  );
}
