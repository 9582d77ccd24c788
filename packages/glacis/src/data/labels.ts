/**
 * Labels: what arrays of a file mean as class numbers (or as targets of a regression), and whether
 * they fit the model's outputs.
 */

import { sizeOf } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { showShape } from './array.ts';
import type { StoredArray } from './array.ts';

/** Class numbers, or, when some are not whole, targets of a regression. */
export type Labels = Int32Array | Float64Array;

export interface StoredLabels {
  readonly y: Labels;
  /** Whether they are positions of classes, whatever the classes are called. */
  readonly arePositions: boolean;
  readonly notes: readonly string[];
}

/**
 * One label for each of `samples` samples, from [N], [N, 1], or a one-hot [N, K], which is said in
 * a note; `noun`: what they are called. Throws UsageError when the counts differ or a label is not a number.
 */
export function toLabels(
  stored: StoredArray,
  samples: number,
  where: string,
  noun = 'label',
): StoredLabels {
  const [count = 0, ...rest] = stored.shape;
  const classes = sizeOf(rest);
  if (stored.shape.length === 0 || count !== samples) {
    throw new UsageError(
      `${where}: ${noun}s of shape ${showShape(stored.shape)} do not go with ${samples} samples; one ${noun} for each is needed.`,
    );
  }
  if (classes === 1) return { y: numbers(stored, where, noun), arePositions: false, notes: [] };
  if (rest.length !== 1) {
    throw new UsageError(
      `${where}: ${noun}s of shape ${showShape(stored.shape)} are neither one class number for each sample nor one-hot.`,
    );
  }
  const y = Int32Array.from({ length: samples }, (_, i) =>
    hotIndex(stored, i, classes, where, noun),
  );
  return {
    y,
    arePositions: true,
    notes: [`The ${noun}s are one-hot over ${classes} classes and are read as class numbers.`],
  };
}

/**
 * Checks class numbers against a model with `classes` outputs. `positions` are the samples'
 * positions in the file, for the error. Throws UsageError naming the first that does not fit.
 */
export function checkLabels(y: Labels, classes: number, positions?: readonly number[]): void {
  if (y instanceof Float64Array) {
    const at = y.findIndex((label) => !Number.isInteger(label));
    throw new UsageError(
      `Label ${y[at]} at sample ${positions?.[at] ?? at} is not a class number; classes are whole numbers from 0 to ${classes - 1}.`,
    );
  }
  const at = y.findIndex((label) => label < 0 || label >= classes);
  if (at < 0) return;
  let lowest = Infinity;
  let highest = -Infinity;
  for (const label of y) {
    lowest = Math.min(lowest, label);
    highest = Math.max(highest, label);
  }
  throw new UsageError(
    `Label ${y[at]} at sample ${positions?.[at] ?? at} does not fit the model, which has ${classes} outputs (classes 0 to ${classes - 1})${advice(lowest, highest, classes)}`,
  );
}

/**
 * Targets of a regression as float32 numbers, which is what programs compute with; `positions` are the
 * samples' positions in the file. Throws UsageError on one that float32 cannot hold.
 */
export function asFloat32(
  y: Labels,
  positions?: readonly number[],
): { readonly y: Float64Array; readonly notes: readonly string[] } {
  const rounded = Float64Array.from(y, Math.fround);
  const at = rounded.findIndex((label) => !Number.isFinite(label));
  if (at >= 0) {
    throw new UsageError(
      `Label ${y[at]} at sample ${positions?.[at] ?? at} is beyond float32, in which errors are computed.`,
    );
  }
  const isSame = rounded.every((label, i) => label === y[i]);
  return { y: rounded, notes: isSame ? [] : ['Labels are rounded to float32, as inputs are.'] };
}

function advice(lowest: number, highest: number, classes: number): string {
  if (lowest >= 1 && highest === classes) {
    return `; the labels run from ${lowest} to ${highest}, so subtract 1 from each.`;
  }
  if (lowest === -1 && highest === 1) return '; write the labels −1 and 1 as 0 and 1.';
  return '; check that the data and the model belong together.';
}

function numbers(stored: StoredArray, where: string, noun: string): Labels {
  const values = Float64Array.from({ length: stored.data.length }, (_, i) =>
    Number(stored.data[i]),
  );
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new UsageError(`${where}: the ${noun} of sample ${bad} is ${values[bad]}, not a number.`);
  }
  if (!values.every(Number.isInteger)) return values;
  const wide = values.findIndex((value) => value !== (value | 0));
  if (wide < 0) return Int32Array.from(values);
  // A regression may well have targets beyond 2³¹, but they are then stored as floats.
  if (stored.type === 'float32' || stored.type === 'float64') return values;
  throw new UsageError(
    `${where}: the ${noun} of sample ${wide} is ${values[wide]}, which is no class number.`,
  );
}

function hotIndex(
  stored: StoredArray,
  sample: number,
  classes: number,
  where: string,
  noun: string,
): number {
  let hot = -1;
  for (let k = 0; k < classes; k++) {
    const value = Number(stored.data[sample * classes + k]);
    if (value === 0) continue;
    if (value !== 1 || hot >= 0) hot = classes;
    else hot = k;
  }
  if (hot >= 0 && hot < classes) return hot;
  throw new UsageError(
    `${where}: the ${noun}s have shape ${showShape(stored.shape)} but sample ${sample} is not one-hot (a single 1 among zeros); give one class number for each sample.`,
  );
}
