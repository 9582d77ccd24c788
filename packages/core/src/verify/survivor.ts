/** What branch and bound goes on with: what linear bounds leave of a box, and which row to cut it by. */
import type { BatchBounds, BoxBatch } from './box-bounder.ts';
import type { Piece } from './branching.ts';
import { clip } from './clipping.ts';
import { isRefuted, type Specification } from './specification.ts';

/** A box that is bounded. */
export interface Taken extends Piece {
  readonly disjunct: number;
  readonly key: number;
}

/** What is left of a box that was bounded. */
export interface Survivor {
  readonly box: Piece;
  /** Whether it is less than what was bounded. */
  readonly isNarrower: boolean;
  readonly disjunct: number;
  readonly key: number;
  /** Of the row that is nearest to closing the box. */
  readonly slopes: Float32Array;
  /** Where that row's linear bound is least. */
  readonly x: Float32Array;
}

/** What is left of a box; null where it is closed. */
export function survivor(
  taken: Taken,
  i: number,
  { specifications }: BoxBatch,
  { rows, least, slopes }: BatchBounds,
): Survivor | null {
  const specification = specifications[i];
  if (!specification) return null;
  if (isRefuted(specification, least, i * rows)) return null;
  const width = taken.lower.length;
  const own = slopes.subarray(i * rows * width, (i + 1) * rows * width);
  const ownLeast = least.subarray(i * rows, (i + 1) * rows);
  const nearest = nearestRow(specification, ownLeast, own, taken);
  const rowSlopes = own.subarray(nearest * width, (nearest + 1) * width);
  const x = taken.lower.map((low, j) => ((rowSlopes[j] ?? 0) > 0 ? low : (taken.upper[j] ?? low)));
  const box = { lower: taken.lower.slice(), upper: taken.upper.slice() };
  if (!clip(specification, box.lower, box.upper, ownLeast, own)) return null;
  const isNarrower =
    box.lower.some((low, j) => low !== taken.lower[j]) ||
    box.upper.some((high, j) => high !== taken.upper[j]);
  const bound = specification.rows[nearest]?.bound ?? 0;
  const key = (ownLeast[nearest] ?? NaN) - bound;
  return {
    box,
    isNarrower,
    disjunct: taken.disjunct,
    key: Number.isNaN(key) ? -Infinity : key,
    slopes: rowSlopes,
    x,
  };
}

/** The row whose bound misses the least of what its linear function varies by. */
function nearestRow(
  { rows }: Specification,
  least: Float32Array,
  slopes: Float32Array,
  { lower, upper }: Piece,
): number {
  let [nearest, best] = [0, -Infinity];
  rows.forEach(({ bound }, k) => {
    let reach = 0;
    lower.forEach((low, j) => {
      reach += Math.abs(slopes[k * lower.length + j] ?? 0) * ((upper[j] ?? low) - low);
    });
    const share = ((least[k] ?? NaN) - bound) / (reach + Number.MIN_VALUE);
    if (share > best) [nearest, best] = [k, share];
  });
  return nearest;
}
