/** A model file on disk: its bytes, unpacked where the name ends in .gz, its hash, and the reading. */
import { type Model, ModelError, normaliseInput, readModel } from '@glacis/core';
import { externalFilesOf } from '../data/external-data.ts';
import { readFileBytes } from '../data/file.ts';
import { gunzip } from '../data/unpack.ts';
import { UsageError } from '../errors.ts';

export interface ModelFile {
  readonly path: string;
  /** Of the bytes on disk, in hexadecimal. */
  readonly sha256: string;
  /** The file, with its normalisation in front where one was given. */
  readonly model: Model;
  /** Of the file itself. */
  readonly parameters: number;
}

export interface NormalisationFlags {
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

/** The bytes of an .onnx or .onnx.gz file. Throws UsageError. */
export async function readModelBytes(
  path: string,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; sha256: string }> {
  const { bytes, sha256 } = await readFileBytes(path);
  if (bytes.length === 0) throw new UsageError(`${path} is empty; it should be an ONNX file.`);
  return { bytes: /\.gz$/i.test(path) ? gunzip(bytes, path) : bytes, sha256 };
}

/** Reads a model file. Throws UsageError naming the file. */
export async function openModelFile(path: string, flags: NormalisationFlags): Promise<ModelFile> {
  const { bytes, sha256 } = await readModelBytes(path);
  return namingFile(path, () => {
    const model = readModel(bytes, { external: externalFilesOf(path) });
    const { parameters } = model;
    return { path, sha256, model: normalised(model, flags), parameters };
  });
}

/** Runs `body`; a ModelError in it becomes a sentence that begins with the file. */
export function namingFile<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(`${path}: ${error.message}.`);
    throw error;
  }
}

function normalised(model: Model, { mean, std }: NormalisationFlags): Model {
  if (!mean && !std) return model;
  try {
    return readModel(normaliseInput(model, { mean: mean ?? [0], std: std ?? [1] }));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--mean/--std: ${error.message}.`);
    throw error;
  }
}
