/**
 * Where a mismatch between a function's gain and the integral of its derivative comes from. The segment
 * is halved again and again, towards the greater mismatch: that of a jump stays what it is, that of a
 * wrong derivative shrinks with the segment, and that of an integral which missed a narrow place
 * vanishes once the segment is short enough to see it. Where the function rests on the stairs that float32
 * makes of small changes of great numbers, a mismatch shrinks as that of a wrong derivative does.
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

/** Evaluations on a segment where the function may rest, and halvings of the way to where it does not. */
const [LANDING, STAIR_HALVINGS] = [9, 16];
/** Stairs are no wider, in units of a typical direction. */
const FARTHEST = 1;

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
  const shrinks = last <= SHRINKS * before;
  return shrinks && !(await restsOnStairs(line, from, to)) ? 'wrong' : 'noise';
}

/** Is the function one number on the segment, and does it reach the next one by a jump? */
async function restsOnStairs(line: Line, from: number, to: number): Promise<boolean> {
  const even = Array.from({ length: LANDING }, (_, k) => from + ((to - from) * k) / (LANDING - 1));
  const [here, ...others] = await valuesAt(line, even);
  if (here === undefined || others.some((value) => value !== here)) return false;
  for (let outward = to - from; outward < FARTHEST; outward *= 2) {
    const far = [from - outward, to + outward];
    const values = await valuesAt(line, far);
    const k = values.findIndex((value) => value !== here);
    if (k >= 0) return changesAtOnce(line, [from, here], [far[k] ?? from, values[k] ?? here]);
  }
  return false;
}

/** Whether the function's change between two places does not shrink with their distance. */
async function changesAtOnce(line: Line, one: Place, other: Place): Promise<boolean> {
  let [a, b] = [one, other];
  const changes: number[] = [];
  for (let halving = 0; halving < STAIR_HALVINGS; halving++) {
    const middle = (a[0] + b[0]) / 2;
    const place: Place = [middle, (await valuesAt(line, [middle]))[0] ?? Number.NaN];
    if (Math.abs(place[1] - a[1]) >= Math.abs(b[1] - place[1])) b = place;
    else a = place;
    changes.push(Math.abs(b[1] - a[1]));
  }
  const before = changes[changes.length / 2 - 1] ?? 0;
  return (changes.at(-1) ?? 0) >= STAYS * before;
}

/** Where on the line, and the function's value there. */
type Place = readonly [at: number, value: number];

async function valuesAt(line: Line, at: readonly number[]): Promise<number[]> {
  return (await line.values(at)).map(({ value }) => value);
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
