/** Where a search starts: the middle of the box, then corners and points drawn from it. */
import { RandomBlock } from '../tensor/random.ts';
import type { Alternative, Ends } from './alternatives.ts';
import { middleOf } from './box-bounder.ts';
import type { Start } from './search.ts';

/** `count` starts in an alternative's box, the same for the same seed; none where no witness can be. */
export function startsIn(
  { index, specification, search }: Alternative,
  count: number,
  seed: number,
): Start[] {
  if (!search) return [];
  return Array.from({ length: count }, (_, draw) => {
    const x = pointOf(search, new RandomBlock(seed, index, draw), draw);
    return { x, ...search, specification };
  });
}

function pointOf({ lower, upper }: Ends, random: RandomBlock, draw: number): Float32Array {
  return lower.map((low, i) => {
    const high = upper[i] ?? low;
    if (draw === 0) return middleOf(low, high);
    if (draw % 4 === 1) return random.sign(i) < 0 ? low : high;
    return Math.min(Math.max(Math.fround(low + random.uniform(i) * (high - low)), low), high);
  });
}

/** A point moved into the part of a box in which witnesses lie, with that part; null where there is none. */
export function startAt(
  { specification, search }: Alternative,
  box: Ends,
  x: Float32Array,
): Start | null {
  if (!search) return null;
  const lower = box.lower.map((low, i) => Math.max(low, search.lower[i] ?? low));
  const upper = box.upper.map((high, i) => Math.min(high, search.upper[i] ?? high));
  if (lower.some((low, i) => low > (upper[i] ?? low))) return null;
  const inside = x.map((value, i) =>
    Math.min(Math.max(value, lower[i] ?? value), upper[i] ?? value),
  );
  return { x: inside, lower, upper, specification };
}
