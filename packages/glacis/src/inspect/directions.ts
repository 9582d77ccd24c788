/**
 * Gradients against differences of the original file, along random directions. A network of many ReLUs
 * has a kink almost everywhere one looks, at steps large enough for float32; so the difference over a
 * segment is compared with the integral of the derivative (segment.ts). The longest segment is taken on
 * which that integral is settled; a direction is left out, and counted, where there is none, where the
 * difference drowns in rounding, or where the function itself jumps.
 */
import { RandomBlock } from '@glacis/core';
import type { Derivative, Way } from './derivative.ts';
import type { Effort } from './effort.ts';
import { causeOf } from './jumps.ts';
import type { Line } from './line.ts';
import type { Layout } from './points.ts';
import { compareOn, type Finding } from './segment.ts';
import type { Evaluation } from './sessions.ts';

/** Half the segment's length, in units of a standard normal direction. */
const REACHES = [1, 0.25, 6.4e-2, 1.6e-2, 4e-3, 1e-3, 2.5e-4];
const RETRY = 4;
const ROUNDING = 2 ** -24;

export interface DirectionErrors {
  /** Relative to the gradient's length, for each direction compared. */
  readonly errors: readonly number[];
  /** Directions left out, by why. */
  readonly leftOut: Readonly<Record<LeftOut, number>>;
}

export type LeftOut = 'kinks' | 'jumps' | 'noise' | 'flat';

export const NONE: Readonly<Record<LeftOut, number>> = { kinks: 0, jumps: 0, noise: 0, flat: 0 };

export interface DirectionsAsked {
  readonly rows: Float32Array;
  readonly count: number;
  readonly seed: number;
  readonly effort: Effort;
  /** How far each element moves along a typical direction; 1 when absent. */
  readonly spread?: Float32Array | undefined;
  /**
   * Whether elements of an output count relative to their sizes: what a saturated softmax leaves of its
   * lesser classes is then seen beside the greatest.
   */
  readonly relative?: boolean;
}

/** Directions take turns at the rows, the outputs and the real-valued inputs. */
export async function checkDirections(
  layout: Layout,
  derivatives: readonly Derivative[],
  original: Evaluation,
  { rows, count, seed, effort, spread, relative = false }: DirectionsAsked,
): Promise<DirectionErrors> {
  const turns = derivatives.flatMap((derivative) =>
    derivative.ways.filter((way) => !way.onlySteps).map((way) => ({ derivative, way })),
  );
  const errors: number[] = [];
  const leftOut = { ...NONE };
  if (turns.length === 0) return { errors, leftOut };
  const total = Math.max(effort.directions, turns.length);
  const perRow = Math.ceil(total / count);
  let longest = 0;
  for (let k = 0; k < total; k++) {
    const turn = turns[k % turns.length];
    if (!turn) continue;
    const row = Math.floor(k / perRow) % count;
    const x = rows.subarray(row * layout.size, (row + 1) * layout.size);
    const line = lineAlong({
      layout,
      ...turn,
      weights: await weightsOf(turn.derivative, seed, relative ? { original, x } : undefined),
      original,
      x,
      spread,
      random: new RandomBlock(seed, row, 2 + k),
    });
    // What was too long for the last direction is tried again now and then.
    const start = k % RETRY === 0 ? Math.max(0, longest - 1) : longest;
    const found = await longestSettled(line, turn.way, effort, start);
    longest = found.reach;
    if (found.kind === 'compared') errors.push(found.error);
    else leftOut[found.kind]++;
  }
  return { errors, leftOut };
}

type Outcome =
  | { readonly kind: 'compared'; readonly error: number; readonly reach: number }
  | { readonly kind: LeftOut; readonly reach: number };

async function longestSettled(
  line: Line,
  { steps }: Way,
  effort: Effort,
  start: number,
): Promise<Outcome> {
  let why: Exclude<LeftOut, 'flat'> = 'kinks';
  for (const [i, reach] of REACHES.entries()) {
    if (i < start) continue;
    const finding: Finding = await compareOn(line, reach, effort);
    if (finding.kind === 'compared') return { ...finding, reach: i };
    if (finding.kind === 'flat') return { kind: 'flat', reach: i };
    if (finding.kind === 'noise') {
      // A shorter segment hears less, unless a jump near an end was taken for noise.
      if (!steps) return { kind: 'noise', reach: i };
      if (why === 'kinks') why = 'noise';
      continue;
    }
    if (finding.kind === 'kinks') continue;
    if (!Number.isFinite(finding.mismatch)) return { kind: 'compared', error: Infinity, reach: i };
    const cause = await causeOf(line, reach);
    if (cause === 'wrong') return { kind: 'compared', error: finding.error, reach: i };
    // What continuous functions jump by is rounding.
    why = cause === 'integral' ? 'kinks' : cause === 'jump' && steps ? 'jumps' : 'noise';
  }
  return { kind: why, reach: REACHES.length - 1 };
}

/** Below, an element of an output counts as 0. */
const UNDERFLOW = 1e-30;

/** Standard normal weights of an output's elements, divided by their sizes at a point where it is given. */
async function weightsOf(
  { output, width }: Derivative,
  seed: number,
  at?: { readonly original: Evaluation; readonly x: Float32Array },
): Promise<Float32Array> {
  const random = new RandomBlock(seed, 0, 1);
  const weights = Float32Array.from({ length: width }, (_, i) => random.normal(i));
  if (!at) return weights;
  const values = (await at.original.rows(at.x, 1))[output];
  return weights.map((weight, i) => {
    const size = Math.abs(values?.[i] ?? 0);
    if (!Number.isFinite(size)) return weight;
    return size >= UNDERFLOW ? weight / size : 0;
  });
}

/** The line x + t·d, d normal in one input. Gradients are in units of d's spread. */
function lineAlong({
  layout,
  derivative,
  weights,
  way,
  original,
  x,
  spread,
  random,
}: {
  readonly layout: Layout;
  readonly derivative: Derivative;
  readonly weights: Float32Array;
  readonly way: Way;
  readonly original: Evaluation;
  readonly x: Float32Array;
  readonly spread: Float32Array | undefined;
  readonly random: RandomBlock;
}): Line {
  const { start, end } = way.part;
  const unit = (i: number): number => spread?.[i] ?? 1;
  const direction = new Float32Array(layout.size);
  for (let i = start; i < end; i++) direction[i] = random.normal(i) * unit(i);
  const point = (t: number): Float32Array => {
    const moved = new Float32Array(x);
    for (let i = start; i < end; i++) moved[i] = (x[i] ?? 0) + t * (direction[i] ?? 0);
    return moved;
  };
  const own = x.subarray(start, end).map((value, k) => value / unit(start + k));
  return {
    pointRounding: ROUNDING * Math.sqrt(own.reduce((sum, v) => sum + v * v, 0) / own.length),
    slopes: inParts(derivative.most, async (at) => {
      const gradients = await derivative.at(at.map(point), weights);
      return gradients.map((gradient, k) => {
        let [slope, square] = [0, 0];
        for (let i = start; i < end; i++) {
          const g = gradient[i] ?? 0;
          slope += g * (direction[i] ?? 0);
          square += (g * unit(i)) ** 2;
        }
        return { at: at[k] ?? 0, slope, length: Math.sqrt(square) };
      });
    }),
    values: inParts(original.most, async (at) => {
      const points = new Float32Array(at.length * layout.size);
      at.forEach((t, k) => points.set(point(t), k * layout.size));
      const scores = (await original.rows(points, at.length))[derivative.output];
      const { width } = derivative;
      return at.map((_, k) => {
        let [value, square] = [0, 0];
        weights.forEach((weight, i) => {
          const term = weight === 0 ? 0 : weight * (scores?.[k * width + i] ?? Number.NaN);
          value += term;
          square += term * term;
        });
        return { value, rounding: (2 * ROUNDING * Math.sqrt(square)) / Math.sqrt(12) };
      });
    }),
  };
}

/** At most so many points are in memory at once. */
function inParts<T>(
  most: number,
  evaluate: (at: readonly number[]) => Promise<readonly T[]>,
): (at: readonly number[]) => Promise<T[]> {
  return async (at) => {
    const all: T[] = [];
    for (let start = 0; start < at.length; start += most) {
      all.push(...(await evaluate(at.slice(start, start + most))));
    }
    return all;
  };
}
