/**
 * Rounding to eight bits that minds what is at stake: each feature goes to the step on the side to which a
 * score rises; where the set has not room for all of these steps outward, the steepest are taken.
 */
import type { EightBitGrid } from './eight-bit.ts';
import type { Threat } from './threat.ts';

/**
 * Moves x, in place, into the set of the radius around a centre that lies on the grid, and onto the grid;
 * returns its distance. A slope that is no number counts for nothing.
 */
export function roundAlong(
  threat: Threat,
  grid: EightBitGrid,
  centre: Float32Array,
  x: Float32Array,
  radius: number,
  slope: ArrayLike<number>,
): number {
  threat.enter(centre, x, radius);
  const outer = x.slice();
  grid.settle(centre, outer, 'outward');
  let distance = threat.legalise(centre, x, radius, 'inward');
  const inner = x.slice();
  const gains = Float64Array.from(inner, (value, i) => (slope[i] ?? 0) * ((outer[i] ?? 0) - value));
  const order = Array.from(gains.keys()).filter((i) => (gains[i] ?? 0) > 0);
  order.sort((p, q) => (gains[q] ?? 0) - (gains[p] ?? 0) || p - q);
  // Each step outward adds to the distance: the most that fit are found by halving.
  let [fitting, beyond] = [0, order.length + 1];
  while (fitting + 1 < beyond) {
    const count = (fitting + beyond) >> 1;
    const trial = inner.slice();
    for (const i of order.slice(0, count)) trial[i] = outer[i] ?? 0;
    const length = threat.distance(centre, trial);
    if (length > radius) beyond = count;
    else {
      [fitting, distance] = [count, length];
      x.set(trial);
    }
  }
  return distance;
}
