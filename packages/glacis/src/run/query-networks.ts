/** The model files of a query, opened over one runtime and checked against what the query declares. */
import {
  declaredPorts,
  hiddenOf,
  ModelError,
  type OpenNetwork,
  openQueryNetwork,
  type Query,
  readModel,
  requireNetworks,
  RuleMissing,
  type Runtime,
} from '@glacis/core';
import { externalFilesOf } from '../data/external-data.ts';
import { inQuery } from '../data/query.ts';
import { UsageError } from '../errors.ts';
import { readModelBytes } from './model-file.ts';

/** A file, and the network it is for: null where the command line leaves it open. */
export type NetworkFile = readonly [name: string | null, path: string];

/** Networks by their names in the query. Throws UsageError. */
export async function openNetworks(
  queryPath: string,
  query: Query,
  files: readonly NetworkFile[],
  runtime: Runtime,
): Promise<ReadonlyMap<string, OpenNetwork>> {
  const named = new Map<string, string>();
  const free = query.networks.map(({ name }) => name);
  for (const [name, path] of files) {
    if (name === null && files.length > 1) {
      throw new UsageError(
        `--network ${path}: with several networks each needs its name, NAME=FILE.`,
      );
    }
    // A query of version 1.0 does not name its network.
    const own = name === null || query.version.major === 1 ? (free[0] ?? '') : name;
    if (named.has(own)) throw new UsageError(`--network ${own} is given twice.`);
    named.set(own, path);
  }
  const read = await Promise.all(
    [...named].map(async ([name, path]) => {
      const { bytes } = await readModelBytes(path);
      const model = await namingModel(path, async () =>
        readModel(bytes, { external: externalFilesOf(path), hidden: hiddenOf(query, name) }),
      );
      // What computes in other types is read as float32.
      const ports = model.precision === 'float32' ? model : declaredPorts(model, bytes);
      return { name, path, model, ports };
    }),
  );
  const interfaces = new Map(read.map(({ name, ports }) => [name, ports]));
  inQuery(queryPath, () => requireNetworks(query, interfaces));
  const opened = new Map<string, OpenNetwork>();
  for (const { name, path, model } of read) {
    opened.set(name, await namingModel(path, () => openQueryNetwork(query, name, model, runtime)));
  }
  return opened;
}

/** Runs `body`; what is wrong with a model becomes a sentence that begins with its file. */
export async function namingModel<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof RuleMissing)) throw error;
    throw new UsageError(`${path}: ${error.message}.`, { cause: error });
  }
}
