/**
 * A box without what its linear bounds exclude: where least + Σ |aᵢ|·dᵢ is above a row's bound, the row does
 * not hold, dᵢ being the distance from the end that the slope points away from. Each input by itself.
 */
import { roundDown, roundUp } from '../tensor/float32.ts';
import type { Specification } from './specification.ts';

/** Covers the roundings of the few float64 operations below. */
const OUTWARD = 1 + 2 ** -40;

/** Narrows the ends in place; `least` [rows] and `slopes` [rows × inputs] as BoxBounder gives them. */
export function clip(
  { rows }: Specification,
  lower: Float32Array,
  upper: Float32Array,
  least: Float32Array,
  slopes: Float32Array,
): void {
  const [from, to] = [Float64Array.from(lower), Float64Array.from(upper)];
  rows.forEach(({ bound }, k) => {
    const room = (bound - (least[k] ?? NaN)) * OUTWARD + Number.MIN_VALUE;
    if (!(room >= 0 && room < Infinity)) return;
    for (let i = 0; i < from.length; i++) {
      const slope = slopes[k * from.length + i] ?? 0;
      const [low, high] = [from[i] ?? 0, to[i] ?? 0];
      const distance = (room / Math.abs(slope)) * OUTWARD;
      if (!(distance < high - low)) continue;
      const slack = (Math.abs(low) + Math.abs(high)) * 2 ** -50;
      if (slope > 0) upper[i] = Math.min(upper[i] ?? high, roundUp(low + distance + slack));
      else lower[i] = Math.max(lower[i] ?? low, roundDown(high - distance - slack));
    }
  });
}
