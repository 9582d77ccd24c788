/**
 * A box without what its linear bounds exclude: where least + Σ |aᵢ|·dᵢ is above a row's bound, the row does
 * not hold, dᵢ being the distance from the end that the slope points away from. Each row leaves less for
 * the others, so a few rounds are made.
 */
import { roundDown, roundUp } from '../tensor/float32.ts';
import type { Specification } from './specification.ts';

/** Covers the roundings of the float64 operations below. */
const OUTWARD = 1 + 2 ** -40;
const ROUNDS = 4;

/**
 * Narrows the ends in place; `least` [rows] and `slopes` [rows × inputs] as BoxBounder gives them. False
 * where nothing is left: then no point of the box satisfies all rows.
 */
export function clip(
  { rows }: Specification,
  lower: Float32Array,
  upper: Float32Array,
  least: Float32Array,
  slopes: Float32Array,
): boolean {
  const [from, to] = [Float64Array.from(lower), Float64Array.from(upper)];
  const width = from.length;
  for (let round = 0; round < ROUNDS; round++) {
    let isNarrower = false;
    for (const [k, { bound }] of rows.entries()) {
      const start = least[k] ?? NaN;
      if (!(Math.abs(start) < Infinity)) continue;
      // What the row rises by on its way to the nearest point that is left of the box, rounded down.
      let rise = 0;
      for (let i = 0; i < width; i++) {
        const slope = slopes[k * width + i] ?? 0;
        const moved = slope > 0 ? (lower[i] ?? 0) - (from[i] ?? 0) : (to[i] ?? 0) - (upper[i] ?? 0);
        if (moved > 0) rise += (Math.abs(slope) * moved) / OUTWARD;
      }
      const size = Math.abs(bound) + Math.abs(start) + rise;
      const room = bound - start - rise + size * 2 ** -48;
      if (room < 0) return false;
      for (let i = 0; i < width; i++) {
        const slope = slopes[k * width + i] ?? 0;
        const [low, high] = [lower[i] ?? 0, upper[i] ?? 0];
        const distance = (room / Math.abs(slope)) * OUTWARD + Number.MIN_VALUE;
        if (!(distance < high - low)) continue;
        const slack = (Math.abs(low) + Math.abs(high)) * 2 ** -50;
        const end =
          slope > 0 ? roundUp(low + distance + slack) : roundDown(high - distance - slack);
        if (slope > 0 ? end < high : end > low) {
          (slope > 0 ? upper : lower)[i] = end;
          isNarrower ||= distance < 0.9 * (high - low);
        }
      }
    }
    if (!isNarrower) break;
  }
  return lower.every((low, i) => low <= (upper[i] ?? low));
}
