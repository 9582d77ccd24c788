/**
 * The bracket of each correctly classified input: from the radius proven safe to the radius found
 * broken, the first-order estimate between them. Up to 150 inputs get a row each; more are sorted and
 * gathered into rows of equal share, each with its medians and its extremes.
 */
import type { Run, SampleRecord } from '@glacis/core';
import { lowerOf, median, upperOf } from './quantile.ts';
import { isCorrect } from './tally.ts';

/** One row of the chart. Radii beyond the end of the axis, or never broken, have `upper` null. */
export interface Bracket {
  readonly rank: number;
  readonly lower: number;
  readonly upper: number | null;
  readonly estimate: number | null;
  /** Least lower and greatest upper of the inputs in this row; equal to the bounds for one input. */
  readonly least: number;
  readonly greatest: number;
  readonly sample: SampleRecord | null;
}

export interface Brackets {
  readonly rows: readonly Bracket[];
  readonly inputs: number;
  readonly perRow: number;
  /** Inputs whose upper bound lies beyond the axis, and inputs never broken at all. */
  readonly beyond: number;
  readonly unbroken: number;
}

export const mostSingleRows = 150;
const denseRows = 120;

export function bracketsOf(run: Run, end: number): Brackets {
  const sorted = run.samples
    .filter(isCorrect)
    .sort((a, b) => order(upperOf(a), upperOf(b)) || lowerOf(a) - lowerOf(b) || a.index - b.index);
  const dense = sorted.length > mostSingleRows;
  const rowCount = dense ? denseRows : sorted.length;
  const rows = Array.from({ length: rowCount }, (_, rank) => {
    const from = Math.floor((rank * sorted.length) / rowCount);
    const to = Math.floor(((rank + 1) * sorted.length) / rowCount);
    return rowOf(sorted.slice(from, to), rank, end);
  });
  return {
    rows,
    inputs: sorted.length,
    perRow: dense ? sorted.length / rowCount : 1,
    beyond: sorted.filter((sample) => sample.upper !== null && sample.upper > end).length,
    unbroken: sorted.filter((sample) => sample.upper === null).length,
  };
}

function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function rowOf(samples: readonly SampleRecord[], rank: number, end: number): Bracket {
  const lowers = samples.map(lowerOf);
  const uppers = samples.map(upperOf);
  const upper = median(uppers) ?? Number.POSITIVE_INFINITY;
  const estimates = samples.flatMap((sample) =>
    sample.estimate === null ? [] : [sample.estimate],
  );
  const estimate = median(estimates);
  return {
    rank,
    lower: Math.min(end, median(lowers) ?? 0),
    upper: upper <= end ? upper : null,
    estimate: estimate !== null && estimate <= end ? estimate : null,
    least: Math.min(end, ...lowers),
    greatest: Math.min(end, Math.max(...uppers)),
    sample: samples.length === 1 ? (samples[0] ?? null) : null,
  };
}
