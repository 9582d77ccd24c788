/**
 * Which files the gradients benchmark runs: the corpus of the repository and the networks of the
 * shared folder, each folder only where it exists.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

export interface Network {
  readonly path: string;
  /** Its folder's name and its own, for the table. */
  readonly name: string;
}

export interface Found {
  readonly networks: readonly Network[];
  /** What was looked for and is not there. */
  readonly absent: readonly string[];
}

const isNetwork = (file: string): boolean => /\.onnx(\.gz)?$/i.test(file);

/** Files as they are; folders with all networks below them. */
export function networksAt(places: readonly string[]): Found {
  const absent = places.filter((place) => !existsSync(place));
  const networks = places
    .filter((place) => existsSync(place))
    .flatMap((place) => (statSync(place).isDirectory() ? below(place) : [place]))
    .map((file) => ({ path: file, name: nameOf(file) }));
  return { networks, absent };
}

/** The corpus, the small models and the archive of the verification competition. */
export function standardPlaces(shared: string): string[] {
  return ['fixtures/models', path.join(shared, 'models'), path.join(shared, 'benchmarks/vnncomp')];
}

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && isNetwork(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

function nameOf(file: string): string {
  const folders = path.dirname(path.resolve(file)).split(path.sep);
  const family = folders.findLast((folder) => folder !== 'onnx') ?? '';
  return `${family}/${path.basename(file).replace(/\.onnx(\.gz)?$/i, '')}`;
}
