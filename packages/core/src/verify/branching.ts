/** Where a box is cut: at the middle of the input whose width the bound pays most for, or of the longest. */
import { middleOf } from './box-bounder.ts';

/** How much an input is worth cutting: 0 where it cannot be. */
export type Brancher = (
  lower: Float32Array,
  upper: Float32Array,
  slopes: Float32Array,
) => Float64Array;

/** Whether a float32 lies strictly between the ends. */
export function isSplittable(low: number, high: number): boolean {
  const middle = middleOf(low, high);
  return middle > low && middle < high;
}

const widthOf = (low: number, high: number): number => (isSplittable(low, high) ? high - low : 0);

/** |slope| · width: how much of the bound is lost to an input (Bunel et al. 2020, "smart" splitting). */
export const bySlope: Brancher = (lower, upper, slopes) => {
  const longest = byLength(lower, upper, slopes);
  // An input without a slope still bends what is inside: a little of its width breaks ties.
  const total = slopes.reduce((sum, slope) => sum + Math.abs(slope), 0) || 1;
  return longest.map((width, i) => width * (Math.abs(slopes[i] ?? 0) + 1e-3 * total));
};

/** Widths alone. */
export const byLength: Brancher = (lower, upper) =>
  Float64Array.from(lower, (low, i) => widthOf(low, upper[i] ?? low));

export interface Piece {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

/**
 * A box in at least `pieces` parts (a power of two), which share their faces, cut where the scores are
 * greatest, a cut halving its score; the box alone where nothing can be cut.
 */
export function cut(box: Piece, scores: Float64Array, pieces: number): Piece[] {
  const left = Float64Array.from(scores);
  let parts: Piece[] = [box];
  while (parts.length < pieces) {
    const best = left.reduce((most, score, i) => (score > (left[most] ?? 0) ? i : most), 0);
    if (!((left[best] ?? 0) > 0)) break;
    const next = parts.flatMap((part) => halves(part, best));
    left[best] = next.length === 2 * parts.length ? (left[best] ?? 0) / 2 : 0;
    parts = next;
  }
  return parts;
}

function halves({ lower, upper }: Piece, input: number): Piece[] {
  const [low, high] = [lower[input] ?? 0, upper[input] ?? 0];
  if (!isSplittable(low, high)) return [{ lower, upper }];
  const middle = middleOf(low, high);
  const [below, above] = [upper.slice(), lower.slice()];
  below[input] = middle;
  above[input] = middle;
  return [
    { lower, upper: below },
    { lower: above, upper },
  ];
}

/** Inputs whose two values are enumerated together: 4,096 points. */
const MOST_PAIRS = 12;

/**
 * The float32 points of a box that cannot be cut, each a box of its own; none of a point, or where they are too
 * many.
 */
export function pointsOf({ lower, upper }: Piece): Piece[] {
  const open = [...lower.keys()].filter((i) => lower[i] !== upper[i]);
  if (open.length === 0 || open.length > MOST_PAIRS) return [];
  return Array.from({ length: 2 ** open.length }, (_, code): Piece => {
    const point = lower.slice();
    open.forEach((i, bit) => {
      if ((code >> bit) & 1) point[i] = upper[i] ?? 0;
    });
    return { lower: point, upper: point };
  });
}

/** Inputs of a box that can be cut. */
export function varying({ lower, upper }: Piece): number {
  let count = 0;
  lower.forEach((low, i) => (count += Number(isSplittable(low, upper[i] ?? low))));
  return count;
}
