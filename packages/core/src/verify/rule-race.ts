/** Rules of cutting tried against each other: which is better depends on the problem, by factors. */
import type { Ends } from './alternatives.ts';
import type { BoxList } from './box-store.ts';
import { type Brancher, byLength, bySlope } from './branching.ts';

export const RULES: readonly Brancher[] = [bySlope, byLength];

/** When the rules are tried. */
export interface Race {
  /** Boxes bounded before. */
  readonly from: number;
  /** Boxes for each rule. */
  readonly boxes: number;
  /** Open boxes to share, at least. */
  readonly fewest: number;
}

export const LATE_RACE: Race = { from: 2000, boxes: 1000, fewest: 16 };

/** Boxes in so many lists, in turn. */
export function dealt(
  { lower, upper, disjuncts, keys }: BoxList,
  width: number,
  parts: number,
): BoxList[] {
  return Array.from({ length: parts }, (_, part) => {
    const chosen = [...disjuncts.keys()].filter((box) => box % parts === part);
    const gathered = (from: Float32Array): Float32Array => {
      const to = new Float32Array(chosen.length * width);
      chosen.forEach((box, i) => to.set(from.subarray(box * width, (box + 1) * width), i * width));
      return to;
    };
    return {
      lower: gathered(lower),
      upper: gathered(upper),
      disjuncts: Int32Array.from(chosen, (box) => disjuncts[box] ?? 0),
      keys: Float64Array.from(chosen, (box) => keys[box] ?? 0),
    };
  });
}

/** Of boxes, each as a share of the whole that it is part of, by its disjunct. */
export function volumeOf(
  { lower, upper, disjuncts }: BoxList,
  wholes: ReadonlyMap<number, Ends>,
): number {
  const width = lower.length / Math.max(1, disjuncts.length);
  return disjuncts.reduce((sum, disjunct, box) => {
    const whole = wholes.get(disjunct);
    let share = 1;
    for (let i = 0; i < width; i++) {
      const all = (whole?.upper[i] ?? 0) - (whole?.lower[i] ?? 0);
      const own = (upper[box * width + i] ?? 0) - (lower[box * width + i] ?? 0);
      if (all > 0) share *= own / all;
    }
    return sum + share;
  }, 0);
}
