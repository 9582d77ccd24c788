/**
 * Inputs that stay as they are (--set NAME=FILE): a row for each input of the data, one row for all, or, for
 * an input that does not count samples, a constant of the model.
 */
import {
  countsSamples,
  type DeclaredInputs,
  fedAs,
  type FixedRows,
  type Port,
  sizeOf,
  type Tensor,
} from '@glacis/core';
import { showShape, type StoredArray } from '../data/array.ts';
import { readArray } from '../data/source.ts';
import { UsageError } from '../errors.ts';

/** `--set`: the input's name, and the file with its values. */
export type Setting = readonly [name: string, path: string];

export interface FixedInputs {
  readonly constants: Readonly<Record<string, Tensor>>;
  readonly rows: Readonly<Record<string, FixedRows>>;
  /**
   * The same arrays as constants of the model, where they need not be rows of the samples: one row for all,
   * or a first axis that no other input shares.
   */
  readonly rowsAsConstants: Readonly<Record<string, Tensor>>;
  /** First axes of which a file with one row among its constants takes one sample at a time. */
  readonly single: readonly string[];
  /** Sizes that the files gave to axes the model leaves open. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Which file each input is fixed by. */
  readonly notes: readonly string[];
}

/** Larger whole numbers are not held exactly by the float32 that derived graphs compute in. */
const MOST_WHOLE = 2 ** 24;

/** Throws UsageError. */
export async function readFixedInputs(
  settings: readonly Setting[],
  { inputs }: DeclaredInputs,
): Promise<FixedInputs> {
  const constants: Record<string, Tensor> = {};
  const rows: Record<string, FixedRows> = {};
  const rowsAsConstants: Record<string, Tensor> = {};
  const sizes: Record<string, number> = {};
  const notes: string[] = [];
  for (const [name, path] of settings) {
    if (name in rows || name in constants) throw new UsageError(`--set ${name} is given twice.`);
    const port = inputs.find((input) => input.name === name);
    if (!port) {
      const names = inputs.map((input) => input.name).join(', ');
      throw new UsageError(`--set ${name}: the model has no such input; its inputs are ${names}.`);
    }
    const { stored, sha256 } = await readArray(path, name);
    notes.push(`The input ${name} is fixed by ${path} (sha256 ${sha256}).`);
    const where = `--set ${name}=${path}`;
    const data = numbersOf(stored, port, where);
    if (!countsSamples(port)) {
      constants[name] = constantOf(port, stored, data, where);
      continue;
    }
    const counted = fitted(port, stored, where);
    port.shape.slice(1).forEach((size, axis) => {
      if (typeof size === 'string') sizes[size] = counted.sample[axis] ?? 1;
    });
    rows[name] = { data, rows: counted.rows };
    if (counted.rows === 1 || !sharesFirstAxis(port, inputs)) {
      rowsAsConstants[name] = fedAs(port, [counted.rows, ...counted.sample], data);
    }
  }
  return { constants, rows, rowsAsConstants, single: [], sizes, notes };
}

/** With every array that need not be rows put into the model: what positions ask for. */
export function withRowsAsConstants(fixed: FixedInputs, { inputs }: DeclaredInputs): FixedInputs {
  const firsts = inputs.filter(countsSamples).flatMap(({ shape: [first] }) => first ?? []);
  const isOneRow = Object.values(fixed.rowsAsConstants).some(({ shape }) => shape[0] === 1);
  const { constants, rows, rowsAsConstants } = fixed;
  const left = Object.entries(rows).filter(([name]) => !(name in rowsAsConstants));
  return {
    ...fixed,
    constants: { ...constants, ...rowsAsConstants },
    rows: Object.fromEntries(left),
    rowsAsConstants: {},
    single: isOneRow ? firsts.filter((first) => typeof first === 'string') : [],
  };
}

/** Whether another input begins with the same size: both count samples then. */
function sharesFirstAxis({ name, shape }: Port, inputs: readonly Port[]): boolean {
  const others = inputs.filter((other) => other.name !== name);
  return others.some((other) => countsSamples(other) && other.shape[0] === shape[0]);
}

const shapeText = (shape: Port['shape']): string => `[${shape.join(', ')}]`;

function fits(shape: readonly number[], wanted: Port['shape']): boolean {
  return (
    shape.length === wanted.length &&
    wanted.every((size, axis) => typeof size === 'string' || size === shape[axis])
  );
}

/** One sample for all, or samples on the first axis. */
function fitted(
  { name, shape }: Port,
  stored: StoredArray,
  where: string,
): { rows: number; sample: readonly number[] } {
  const sample = shape.slice(1);
  const [rows = 0, ...rest] = stored.shape;
  if (fits(rest, sample) && rows > 0 && stored.shape.length > 0) return { rows, sample: rest };
  if (fits(stored.shape, sample)) return { rows: 1, sample: stored.shape };
  throw new UsageError(
    `${where}: the input ${name} takes ${shapeText(sample)} for one sample, and the file has ${showShape(stored.shape)}.`,
  );
}

function constantOf(port: Port, stored: StoredArray, data: Float32Array, where: string): Tensor {
  const wanted = port.shape.map((size, axis) =>
    typeof size === 'number' ? size : (stored.shape[axis] ?? 1),
  );
  if (sizeOf(wanted) !== data.length) {
    throw new UsageError(
      `${where}: the input ${port.name} takes ${shapeText(port.shape)}, and the file has ${showShape(stored.shape)}.`,
    );
  }
  return fedAs(port, wanted, data);
}

function numbersOf(stored: StoredArray, port: Port, where: string): Float32Array {
  const isReal = port.type.startsWith('float');
  const data = new Float32Array(stored.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(stored.data[i]);
    const wrong = isReal
      ? !Number.isFinite(Math.fround(value))
      : !Number.isInteger(value) || Math.abs(value) > MOST_WHOLE;
    if (wrong) {
      const kind = isReal ? 'finite numbers' : `whole numbers of at most ${MOST_WHOLE}`;
      throw new UsageError(
        `${where}: the input ${port.name} takes ${port.type}, ${kind}; the file has ${value} at position ${i}.`,
      );
    }
    data[i] = value;
  }
  return data;
}

/** Throws UsageError where a file has not one row, nor one for each input of the data. */
export function checkRows(fixed: Readonly<Record<string, FixedRows>>, total: number): void {
  for (const [name, { rows }] of Object.entries(fixed)) {
    if (rows === 1 || rows === total) continue;
    throw new UsageError(
      `--set ${name}: the file has ${rows} rows and the data have ${total} inputs; give one row, or one for each input.`,
    );
  }
}
