/**
 * The files of a training: the model, its history, and the checkpoint of an unfinished one. Each is
 * written beside its place and renamed, so that the last good one is never half written over.
 */
import { readFile, rm } from 'node:fs/promises';
import type { Checkpoint, Vectors } from '@glacis/core';
import { floats, tensor } from '@glacis/core';
import { readNpz, writeNpz } from '../data/npz.ts';
import { UsageError } from '../errors.ts';
import { claimFile, writeFileWhole } from './store.ts';

export interface TrainingFiles {
  readonly model: string;
  readonly history: string;
  readonly report: string;
  readonly checkpoint: string;
}

/** Throws UsageError unless `out` names an ONNX file that is not there yet, or that was made so. */
export async function claimTrainingFiles(out: string): Promise<TrainingFiles> {
  if (!/\.onnx$/i.test(out)) {
    throw new UsageError(`--out ${out}: name the file of the new model, NEW.onnx.`);
  }
  const stem = out.slice(0, -'.onnx'.length);
  const files = {
    model: out,
    history: `${stem}.history.json`,
    report: `${stem}.html`,
    checkpoint: `${stem}.checkpoint.npz`,
  };
  for (const file of [files.model, files.history, files.report]) {
    await claimFile(file, () => isHistory(files.history));
  }
  return files;
}

async function isHistory(path: string): Promise<boolean> {
  try {
    const held: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof held === 'object' && held !== null && 'schema' in held && held.schema === SCHEMA;
  } catch {
    return false;
  }
}

export const SCHEMA = 'glacis/harden/1';

/** `words`: what the training was asked for; another one does not go on from here. */
export async function saveCheckpoint(
  path: string,
  words: string,
  { vectors, best, history, fellBack }: Checkpoint,
): Promise<void> {
  const kept = best && { epoch: best.epoch, validated: best.validated };
  const said = JSON.stringify({ words, history, fellBack, best: kept });
  const bytes = new TextEncoder().encode(said);
  const arrays = {
    said: tensor('uint8', [bytes.length], bytes),
    ...prefixed('now', vectors),
    ...prefixed('best', best?.vectors ?? {}),
  };
  await writeFileWhole(path, writeNpz(arrays));
}

const prefixed = (prefix: string, vectors: Vectors): Vectors =>
  Object.fromEntries(Object.entries(vectors).map(([name, value]) => [`${prefix} ${name}`, value]));

/** The checkpoint of a training of the same words; null where there is none. Throws UsageError for another file. */
export async function readCheckpoint(path: string, words: string): Promise<Checkpoint | null> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch {
    return null;
  }
  const npz = readNpz(bytes, path);
  if (!npz.keys.includes('said')) {
    throw new UsageError(
      `${path} is no checkpoint of a training; nothing is overwritten: choose another --out, or move it away.`,
    );
  }
  const said = JSON.parse(
    new TextDecoder().decode(Uint8Array.from(npz.read('said').data, Number)),
  ) as Pick<Checkpoint, 'history' | 'fellBack'> & {
    readonly words: string;
    readonly best: Omit<NonNullable<Checkpoint['best']>, 'vectors'> | null;
  };
  if (said.words !== words) return null;
  const vectorsOf = (prefix: string): Vectors =>
    Object.fromEntries(
      npz.keys
        .filter((key) => key.startsWith(`${prefix} `))
        .map((key) => {
          const { data, shape } = npz.read(key);
          return [key.slice(prefix.length + 1), floats(Float32Array.from(data, Number), shape)];
        }),
    );
  const { history, fellBack } = said;
  const best = said.best && { ...said.best, vectors: vectorsOf('best') };
  return { vectors: vectorsOf('now'), best, history, fellBack };
}

export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}
