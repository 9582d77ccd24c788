/**
 * The models in fixtures/models and what their own frameworks computed of them: for some rows the
 * outputs, and the gradient of Σ weight · output with respect to every input of real numbers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Model, readModel } from '@glacis/core';
import { externalFilesOf } from '../../src/data/external-data.ts';
import type { StoredArray } from '../../src/data/array.ts';
import { readNpz } from '../../src/data/npz.ts';

const folder = new URL('../../../../fixtures/models/', import.meta.url);

/** What fixtures/make says of a model. */
export interface Description {
  readonly what: string;
  readonly exporter: string;
  readonly opsets: Readonly<Record<string, number>>;
}

/** Arrays by the name of an input or output; the first axis counts rows. */
export type Arrays = ReadonlyMap<string, StoredArray>;

export interface Reference {
  readonly rows: number;
  readonly inputs: Arrays;
  readonly outputs: Arrays;
  readonly weights: Arrays;
  /** Empty where the framework has no derivative: trees, and inputs of whole numbers. */
  readonly gradients: Arrays;
}

export const descriptions = JSON.parse(
  readFileSync(new URL('manifest.json', folder), 'utf8'),
) as Readonly<Record<string, Description>>;

/** Names of the files that end so, without the ending. */
export function filesEnding(ending: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length));
}

export function openModel(name: string): Model {
  const path = fileURLToPath(new URL(`${name}.onnx`, folder));
  return readModel(new Uint8Array(readFileSync(path)), { external: externalFilesOf(path) });
}

export function openReference(name: string): Reference {
  const npz = readNpz(new Uint8Array(readFileSync(new URL(`${name}.npz`, folder))), name);
  const group = (prefix: string): Arrays =>
    new Map(
      npz.keys
        .filter((key) => key.startsWith(`${prefix}.`))
        .map((key) => [key.slice(prefix.length + 1), npz.read(key)]),
    );
  const inputs = group('input');
  const rows = [...inputs.values()][0]?.shape[0] ?? 0;
  return {
    rows,
    inputs,
    outputs: group('output'),
    weights: group('weight'),
    gradients: group('gradient'),
  };
}
