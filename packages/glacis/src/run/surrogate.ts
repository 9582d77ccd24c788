/** The models of `--surrogate`: whose gradients are tried on the model under attack. */
import { type Classifier, openClassifier, type Runtime, surrogateMismatch } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { messageOf, UsageError } from '../errors.ts';
import { type ModelFlags, openModelFile } from './model-file.ts';

/** Which file it is and how it is read, as plain data that can be sent to a process. */
export interface SurrogateFile {
  readonly path: string;
  readonly sha256: string;
  readonly flags: ModelFlags;
}

/** The files that `--surrogate` names, read with what stands before the attacked model's input as well. */
export function surrogateFiles({
  surrogate = [],
  mean,
  std,
  preprocess,
}: OptionValues): Promise<SurrogateFile[]> {
  const flags = { mean, std, preprocess };
  return Promise.all(
    surrogate.map(async (path) => ({
      path,
      sha256: (await openModelFile(path, flags)).sha256,
      flags,
    })),
  );
}

/** Opens them all and holds each against the model under attack. Throws UsageError. */
export async function openSurrogates(
  files: readonly SurrogateFile[],
  runtime: Runtime,
  target: Classifier,
): Promise<Classifier[]> {
  const open: Classifier[] = [];
  try {
    for (const file of files) open.push(await openSurrogate(file, runtime, target));
    return open;
  } catch (error) {
    for (const each of open) await each.release();
    throw error;
  }
}

async function openSurrogate(
  { path, sha256, flags }: SurrogateFile,
  runtime: Runtime,
  target: Classifier,
): Promise<Classifier> {
  const file = await openModelFile(path, flags);
  if (file.sha256 !== sha256) {
    throw new UsageError(`${path} was changed during the run; run it again.`);
  }
  let surrogate: Classifier;
  try {
    const { criterion } = target;
    surrogate = await openClassifier(file.model, runtime, { fixed: file.fixed, criterion });
  } catch (error) {
    throw new UsageError(`--surrogate ${path}: ${messageOf(error)}.`, { cause: error });
  }
  const why = surrogateMismatch(surrogate, target);
  if (why === null) return surrogate;
  await surrogate.release();
  throw new UsageError(`--surrogate ${path} cannot stand in: it ${why}.`);
}
