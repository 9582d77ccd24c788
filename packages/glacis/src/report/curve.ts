/**
 * Accuracy as a function of ε, from the brackets of single inputs: the attack curve is the fraction of
 * all inputs with upper > ε, the proof curve the fraction with lower ≥ ε. Both are step functions;
 * what lies between them is undecided. A large run is sampled on a grid finer than a pixel.
 */
import type { Run } from '@glacis/core';
import { ascending, lowerOf, upperOf } from './quantile.ts';
import { isCorrect, tally } from './tally.ts';

/** From this ε up to the next step's, so much is proven and so much not yet broken. */
export interface Step {
  readonly eps: number;
  readonly proven: number;
  readonly standing: number;
}

export interface Curve {
  readonly clean: number;
  readonly hasAttack: boolean;
  readonly hasProof: boolean;
  readonly steps: readonly Step[];
  readonly noise: readonly { readonly eps: number; readonly fraction: number }[];
}

const finest = 500;

/** How many of the ascending values are ≤ x (or < x). */
function countBelow(values: readonly number[], x: number, orEqual: boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = values[middle] ?? 0;
    if (value < x || (orEqual && value === x)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function curveOf(run: Run, end: number): Curve {
  const { total } = tally(run);
  const right = run.samples.filter(isCorrect);
  const uppers = ascending(right.map(upperOf));
  const lowers = ascending(right.map(lowerOf));
  const positions = breakpoints([...uppers, ...lowers], end);
  const steps = positions.map((eps) => ({
    eps,
    // To the right of ε: a proof of exactly ε no longer counts, a break at exactly ε does.
    proven: total === 0 ? 0 : (right.length - countBelow(lowers, eps, true)) / total,
    standing: total === 0 ? 0 : (right.length - countBelow(uppers, eps, true)) / total,
  }));
  const { accuracy } = run;
  return {
    clean: accuracy.clean ?? (total === 0 ? 0 : right.length / total),
    hasAttack: accuracy.robustUpper !== null || right.some((sample) => sample.upper !== null),
    hasProof: accuracy.certifiedLower !== null || right.some((sample) => sample.lower !== null),
    steps,
    noise: noisePoints(run),
  };
}

/** Where a curve may step, within [0, end]; a grid when these are too many to see. */
function breakpoints(radii: readonly number[], end: number): number[] {
  const inside = new Set(radii.filter((value) => value > 0 && value < end));
  if (inside.size > finest) {
    return Array.from({ length: finest + 1 }, (_, index) => (end * index) / finest);
  }
  return [0, ...ascending([...inside]), end];
}

function noisePoints(run: Run): { eps: number; fraction: number }[] {
  const points = new Map<number, number>();
  const { clean, noise } = run.accuracy;
  for (const point of run.curve) if (point.noise !== null) points.set(point.eps, point.noise);
  if (noise !== null) points.set(run.threat.eps, noise);
  if (points.size > 0 && clean !== null) points.set(0, clean);
  return [...points].map(([eps, fraction]) => ({ eps, fraction })).sort((a, b) => a.eps - b.eps);
}
