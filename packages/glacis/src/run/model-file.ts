/**
 * A model file on disk: its bytes, unpacked where the name ends in .gz, its hash, and the reading, with
 * what the flags put before it, into it and out of it.
 */
import {
  declaredInputs,
  type DeclaredInputs,
  type FixedRows,
  type Model,
  ModelError,
  normaliseInput,
  preprocessInput,
  readAgain,
  readModel,
} from '@glacis/core';
import { externalFilesOf } from '../data/external-data.ts';
import { readFileBytes } from '../data/file.ts';
import { gunzip } from '../data/unpack.ts';
import { UsageError } from '../errors.ts';
import {
  type FixedInputs,
  readFixedInputs,
  type Setting,
  withRowsAsConstants,
} from './fixed-inputs.ts';

export interface ModelFile {
  readonly path: string;
  /** Of the bytes on disk, in hexadecimal. */
  readonly sha256: string;
  /** The file, with what the flags say. */
  readonly model: Model;
  /** Of the file itself. */
  readonly parameters: number;
  /** Rows of the inputs that stay as they are. */
  readonly fixed: Readonly<Record<string, FixedRows>>;
  /** Sizes that were given to axes which the file leaves open. */
  readonly sizes: Readonly<Record<string, number>>;
  /** What other files are part of it, with their hashes. */
  readonly notes: readonly string[];
}

/** What the command line says of the model, besides its path. */
export interface ModelFlags {
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  /** A model file that is put in front. */
  readonly preprocess?: string | undefined;
  readonly set?: readonly Setting[] | undefined;
  readonly output?: string | undefined;
  readonly size?: readonly (readonly [symbol: string, size: number])[] | undefined;
}

/** Gives sizes to open axes that no flag names, when asked with the inputs that have them. */
export type SizeFinder = (declared: DeclaredInputs) => Promise<Readonly<Record<string, number>>>;

/** The bytes of an .onnx or .onnx.gz file. Throws UsageError. */
export async function readModelBytes(
  path: string,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; sha256: string }> {
  const { bytes, sha256 } = await readFileBytes(path);
  if (bytes.length === 0) throw new UsageError(`${path} is empty; it should be an ONNX file.`);
  return { bytes: /\.gz$/i.test(path) ? gunzip(bytes, path) : bytes, sha256 };
}

/** Reads a model file. Throws UsageError naming the file. */
export async function openModelFile(
  path: string,
  flags: ModelFlags,
  findSizes: SizeFinder = () => Promise.resolve({}),
): Promise<ModelFile> {
  const { bytes, sha256 } = await readModelBytes(path);
  const declared = namingFile(path, () => declaredInputs(bytes));
  const fixed = await readFixedInputs(flags.set ?? [], declared);
  const read = { bytes, declared, flags, findSizes };
  const opened = await readingAgain(
    () => readWith(path, read, fixed),
    Object.keys(fixed.rowsAsConstants).length > 0,
    () => readWith(path, read, withRowsAsConstants(fixed, declared)),
  );
  const { model, sizes, rows } = opened;
  const { model: behind, notes } = await preprocessed(model, rows, flags);
  return {
    path,
    sha256,
    model: normalised(behind, rows, flags),
    parameters: model.parameters,
    fixed: rows,
    sizes,
    notes: [...fixed.notes, ...notes],
  };
}

interface Reading {
  readonly bytes: Uint8Array;
  readonly declared: DeclaredInputs;
  readonly flags: ModelFlags;
  readonly findSizes: SizeFinder;
}

/** The file with these inputs fixed. */
async function readWith(
  path: string,
  { bytes, declared, flags, findSizes }: Reading,
  { constants, rows, single, sizes: given }: FixedInputs,
): Promise<Pick<ModelFile, 'model' | 'sizes'> & { readonly rows: FixedInputs['rows'] }> {
  const known = { ...given, ...sizesOf(flags, declared) };
  const left = namingFile(path, () => declaredInputs(bytes, Object.keys(constants)));
  const open = left.open.filter(({ symbol }) => !(symbol in known));
  const sizes = open.length > 0 ? { ...(await findSizes({ ...left, open })), ...known } : known;
  const { output } = flags;
  const chosen = output === undefined ? {} : { output };
  const external = externalFilesOf(path);
  const ones = Object.fromEntries(single.map((symbol) => [symbol, 1]));
  const fixing = { sizes: { ...sizes, ...ones }, fixed: constants };
  const model = namingFile(path, () => readModel(bytes, { external, ...fixing, ...chosen }));
  return { model, sizes, rows };
}

/** The second way where the first cannot be read; where neither can, what is wrong with the second. */
async function readingAgain<T>(
  first: () => Promise<T>,
  isAnother: boolean,
  second: () => Promise<T>,
): Promise<T> {
  try {
    return await first();
  } catch (error) {
    const { cause } = error instanceof UsageError ? error : {};
    if (!isAnother || !(cause instanceof ModelError)) throw error;
  }
  return second();
}

/** Runs `body`; a ModelError in it becomes a sentence that begins with the file. */
export function namingFile<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new UsageError(`${path}: ${error.message}.`, { cause: error });
  }
}

function sizesOf({ size = [] }: ModelFlags, { open }: DeclaredInputs): Record<string, number> {
  for (const [symbol] of size) {
    if (open.some((axis) => axis.symbol === symbol)) continue;
    const names = [...new Set(open.map((axis) => axis.symbol))];
    const there = names.length > 0 ? `open are ${names.join(', ')}` : 'no size is open';
    throw new UsageError(`--size ${symbol}: the model has no such axis; ${there}.`);
  }
  return Object.fromEntries(size);
}

/** The input that is neither fixed nor random: what is put before the model goes there. */
function perturbed({ inputs, random }: Model, rows: ModelFile['fixed'], flag: string): string {
  const open = inputs.filter(
    ({ name }) => !(name in rows) && !random.some((other) => other.name === name),
  );
  const [input, ...others] = open;
  if (input && others.length === 0) return input.name;
  throw new UsageError(
    `${flag} needs one input to go before; fix the others with --set: ${open.map(({ name }) => name).join(', ')}.`,
  );
}

async function preprocessed(
  model: Model,
  rows: ModelFile['fixed'],
  { preprocess }: ModelFlags,
): Promise<{ model: Model; notes: readonly string[] }> {
  if (preprocess === undefined) return { model, notes: [] };
  const { bytes, sha256 } = await readModelBytes(preprocess);
  const name = perturbed(model, rows, '--preprocess');
  const behind = putBefore(preprocess, () => {
    const before = readModel(bytes, { external: externalFilesOf(preprocess) });
    return readAgain(model, { bytes: preprocessInput(model, before, name) });
  });
  const note = `The input ${name} goes through ${preprocess} first (sha256 ${sha256}).`;
  return { model: behind, notes: [note] };
}

/** What is wrong with the flag is no fault of the model that is inspected. */
function putBefore<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new UsageError(`--preprocess ${path} cannot go before the model: ${error.message}.`);
  }
}

function normalised(model: Model, rows: ModelFile['fixed'], { mean, std }: ModelFlags): Model {
  if (!mean && !std) return model;
  const name = perturbed(model, rows, '--mean/--std');
  try {
    const bytes = normaliseInput(model, { mean: mean ?? [0], std: std ?? [1] }, name);
    return readAgain(model, { bytes });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--mean/--std: ${error.message}.`);
    throw error;
  }
}
