/**
 * Where a mismatch between a function's gain and the integral of its derivative comes from. The segment
 * is halved again and again, towards the greater mismatch: that of a jump stays what it is, that of a
 * wrong derivative shrinks with the segment, and that of an integral which missed a narrow place
 * vanishes once the segment is short enough to see it.
 */
import { integrate, type Line } from './line.ts';
import { varianceAboutLine } from './scatter.ts';
import { SLOPE_TOLERANCE } from './segment.ts';

const HALVINGS = 22;
/** A mismatch that stays through so many halvings would be an eighth of itself by a wrong derivative. */
const [WINDOW, STAYS, SHRINKS] = [3, 0.4, 0.25];
/** Halving ends where the mismatch is below so many times the noise. */
const AUDIBLE = 6;
/** The halves' mismatches add up to the whole's, unless an integral was wrong. */
const ADDS_UP = 0.5;
const POINTS = 33;
/** Evaluations that tell the noise, so many roundings of a point apart. */
const [CLOSE, APART] = [8, 4];

export type Cause = 'jump' | 'wrong' | 'integral' | 'noise';

export async function causeOf(line: Line, reach: number): Promise<Cause> {
  const noise = await evaluationNoise(line, reach);
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
  const [last = 0, before] = [sizes.at(-1), sizes.at(-1 - WINDOW)];
  if (before === undefined) return 'noise';
  if (last >= STAYS * before) return 'jump';
  return last <= SHRINKS * before ? 'wrong' : 'noise';
}

async function mismatchOn(line: Line, from: number, to: number): Promise<number> {
  const integral = await integrate(line, from, to, { points: POINTS, tolerance: SLOPE_TOLERANCE });
  const [a, b] = await line.values([from, to]);
  return (b?.value ?? Number.NaN) - (a?.value ?? Number.NaN) - integral.to(to);
}

/** Standard deviation of the error of a difference of the function, from points a few roundings apart. */
async function evaluationNoise(line: Line, reach: number): Promise<number> {
  const gap = Math.max(APART * line.pointRounding, reach * 2 ** -24);
  const noises: number[] = [];
  for (const place of [-reach, -reach / 2, 0, reach / 2, reach]) {
    const values = await line.values(Array.from({ length: CLOSE }, (_, k) => place + k * gap));
    const single = varianceAboutLine(values.map(({ value }) => value));
    noises.push(Math.sqrt(2) * Math.hypot(Math.sqrt(single), values[0]?.rounding ?? 0));
  }
  // A jump may lie at some of the places.
  return Math.min(...noises);
}
