/**
 * Where a mismatch between a function's gain and the integral of its derivative comes from. The segment
 * is halved again and again, towards the greater mismatch: that of a jump stays what it is, that of a
 * wrong derivative shrinks with the segment, and that of an integral which missed a narrow place
 * vanishes once the segment is short enough to see it.
 */
import { integrate, type Line } from './line.ts';
import { SLOPE_TOLERANCE } from './segment.ts';

const HALVINGS = 20;
/** A mismatch that stays through so many halvings would be a sixteenth of itself by a wrong derivative. */
const [WINDOW, STAYS] = [4, 0.7];
/** Halving ends where the mismatch is below so many times the noise. */
const AUDIBLE = 6;
/** The halves' mismatches add up to the whole's, unless an integral was wrong. */
const ADDS_UP = 0.5;
const POINTS = 33;

export type Cause = 'jump' | 'wrong' | 'integral' | 'noise';

export async function causeOf(line: Line, reach: number, noise: number): Promise<Cause> {
  let [from, to] = [-reach, reach];
  let whole = await mismatchOn(line, from, to);
  const sizes = [Math.abs(whole)];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (from + to) / 2;
    const left = await mismatchOn(line, from, middle);
    const right = await mismatchOn(line, middle, to);
    if (Math.abs(left + right) < ADDS_UP * Math.abs(whole)) return 'integral';
    if (Math.abs(left) >= Math.abs(right)) [to, whole] = [middle, left];
    else [from, whole] = [middle, right];
    if (!(Math.abs(whole) > AUDIBLE * noise)) break;
    sizes.push(Math.abs(whole));
  }
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)];
  const before = sizes.at(-1 - WINDOW);
  if (before !== undefined && last >= STAYS * before) return 'jump';
  return first >= 2 ** WINDOW * AUDIBLE * noise ? 'wrong' : 'noise';
}

async function mismatchOn(line: Line, from: number, to: number): Promise<number> {
  const integral = await integrate(line, from, to, { points: POINTS, tolerance: SLOPE_TOLERANCE });
  const [a, b] = await line.values([from, to]);
  return (b?.value ?? Number.NaN) - (a?.value ?? Number.NaN) - integral.to(to);
}
