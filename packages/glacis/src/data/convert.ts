/**
 * Turns stored elements into the float32 numbers a model is fed: the scaling of eight-bit images,
 * the rounding of wider types, and the check that every number is finite.
 */

import { sizeOf } from '@glacis/core';
import type { Tensor } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { elementBytes, showShape } from './array.ts';
import type { StoredArray } from './array.ts';

export interface Converted {
  /** [rows, …shape of a sample]. */
  readonly x: Tensor<'float32'>;
  /** The source was uint8. */
  readonly eightBit: boolean;
  readonly notes: string[];
}

export interface ConvertOptions {
  /** Multiplies every number; by default 1/255 for uint8 and 1 for all else. */
  readonly scale?: number | undefined;
  /** Names the file in errors. */
  readonly where: string;
  /** The position in the file of each row, for errors; by default the row itself. */
  readonly positions?: readonly number[];
}

/**
 * The given rows (positions on the first axis) as float32. uint8 is divided by 255 exactly:
 * fround(v/255). Throws UsageError on NaN, infinity, or what float32 cannot hold.
 */
export function toFloat32(
  stored: StoredArray,
  rows: readonly number[],
  options: ConvertOptions,
): Converted {
  const { where, scale } = options;
  if (scale !== undefined && (!Number.isFinite(scale) || scale === 0)) {
    throw new UsageError(`--scale ${scale} is not a finite number other than 0.`);
  }
  const eightBit = stored.type === 'uint8';
  const shape = stored.shape.slice(1);
  const size = sizeOf(shape);
  const data = allocate(rows.length * size, where);
  const change = changeOf(stored, scale);
  let highest = -Infinity;
  let pixels = true;
  let rounded = false;
  for (let r = 0; r < rows.length; r++) {
    const from = (rows[r] ?? 0) * size;
    const to = r * size;
    for (let i = 0; i < size; i++) {
      const raw = Number(stored.data[from + i]);
      const value = Math.fround(change(raw));
      if (!Number.isFinite(value)) {
        const sample = options.positions?.[r] ?? rows[r] ?? 0;
        throw notFinite(raw, sample, positionOf(i, shape), where);
      }
      if (raw > highest) highest = raw;
      if (pixels && (raw < 0 || raw > 255 || !Number.isInteger(raw))) pixels = false;
      if (value !== raw) rounded = true;
      data[to + i] = value;
    }
  }
  const found = { highest, pixels, rounded };
  return {
    x: { type: 'float32', shape: [rows.length, ...shape], data },
    eightBit,
    notes: notesOn(stored, scale, found),
  };
}

function changeOf(stored: StoredArray, scale: number | undefined): (value: number) => number {
  const divides = scale === undefined ? stored.type === 'uint8' : scale === 1 / 255;
  if (divides) return (value) => value / 255;
  if (scale === undefined || scale === 1) return (value) => value;
  return (value) => value * scale;
}

function notesOn(
  stored: StoredArray,
  scale: number | undefined,
  found: { highest: number; pixels: boolean; rounded: boolean },
): string[] {
  const notes: string[] = [];
  const { type } = stored;
  if (scale === 1) {
    if (type === 'uint8') notes.push('x is uint8 and is kept as it is, 0…255.');
  } else if (scale !== undefined) {
    notes.push(`Every number of x is multiplied by ${scale === 1 / 255 ? '1/255' : scale}.`);
  } else if (type === 'uint8') {
    notes.push('x is uint8 and is read as 0…1, divided by 255 (--scale 1 keeps it as it is).');
    if (found.highest <= 1) {
      notes.push('The largest number of x is 1 before that: --scale 1 if it is 0…1 already.');
    }
  } else {
    if (type === 'float64') notes.push('x is float64 in the file and is rounded to float32.');
    else if (found.rounded && elementBytes[type] > 2) {
      notes.push(`x is ${type} in the file, and some of its numbers are rounded to float32.`);
    }
    if (found.pixels && found.highest > 127) {
      notes.push(
        `x holds whole numbers from 0 to ${found.highest}: if they are pixels and the model expects 0…1, give --scale 1/255.`,
      );
    }
  }
  return notes;
}

function notFinite(raw: number, sample: number, position: string, where: string): UsageError {
  const place = `at ${position} of sample ${sample}`;
  if (Number.isFinite(raw)) {
    return new UsageError(
      `${where} has ${raw} ${place}, beyond what float32 can hold; rescale the data.`,
    );
  }
  return new UsageError(
    `${where} has ${raw} ${place}; x must be finite: clean the data, or leave the sample out.`,
  );
}

/** The axes' positions of element `i` of one sample. */
function positionOf(i: number, shape: readonly number[]): string {
  const position: number[] = [];
  let rest = i;
  for (const dim of shape.toReversed()) {
    position.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return `position ${showShape(position)}`;
}

function allocate(length: number, where: string): Float32Array {
  try {
    return new Float32Array(length);
  } catch {
    throw new UsageError(
      `${where} has ${length} numbers to hold at once, too many for the memory; choose fewer with --first or --sample.`,
    );
  }
}
