/** Where a domain is cut: at a value inside whose relaxation the bound pays most for. */
import { middleOf } from './box-bounder.ts';
import { isSplittable } from './branching.ts';
import type { Domain } from './domain.ts';
import type { Bounded, StopView } from './domain-bounder.ts';

/** A value that may be cut, and how much that promises. */
export interface Candidate {
  readonly place: number;
  readonly element: number;
  readonly point: number;
  readonly score: number;
}

type Score = (view: StopView, i: number) => number;

/** Beyond this an interval's width tells no more about how far a curve is from its lines. */
const WIDE = 8;

/** Of what bends no hinge: by the width of its interval. */
function ofCurve({ lower, upper, behind }: StopView, i: number): number {
  const width = (upper[i] ?? 0) - (lower[i] ?? 0);
  return Math.abs(behind[i] ?? 0) * width * Math.min(width, WIDE);
}

/** How far the lines of an unstable hinge are from it where the bound is least: what cutting gains at once. */
export const byGap: Score = (view, i) => {
  const { lower, upper, behind, turns, points, flat } = view;
  if (flat === undefined) return ofCurve(view, i);
  const [low, high, own, z] = [lower[i] ?? 0, upper[i] ?? 0, behind[i] ?? 0, points[i] ?? 0];
  if (!(low < 0 && high > 0)) return 0;
  const bent = Math.max(z, flat * z);
  if (own < 0) return -own * (((high - flat * low) / (high - low)) * (z - low) + flat * low - bent);
  return own * (bent - ((low + high > 0 ? 1 : flat) + (turns[i] ?? 0)) * z);
};

/** By how far the line above lies over the bend (Bunel et al. 2020; De Palma et al. 2021). */
export const byIntercept: Score = (view, i) => {
  const { lower, upper, behind, flat } = view;
  if (flat === undefined) return ofCurve(view, i);
  const [low, high, own] = [lower[i] ?? 0, upper[i] ?? 0, behind[i] ?? 0];
  if (!(low < 0 && high > 0)) return 0;
  const over = ((flat - 1) * low * high) / (high - low);
  return own < 0 ? -own * over : (own * over) / 2;
};

/** A hinge is cut where it bends, a curve too if it can be, as S-shaped ones turn there; else in the middle. */
function pointOf({ lower, upper, flat }: StopView, i: number): number | undefined {
  const [low, high] = [lower[i] ?? 0, upper[i] ?? 0];
  if (low < 0 && high > 0) return 0;
  if (flat !== undefined) return undefined;
  return isSplittable(low, high) ? middleOf(low, high) : undefined;
}

/** The best by each score, without repetition. */
export function candidates(
  views: readonly StopView[],
  most: number,
  scores: readonly Score[] = [byGap, byIntercept],
): Candidate[] {
  const nameOf = ({ place, element }: Candidate): string => `${place}/${element}`;
  const chosen = new Map<string, Candidate>();
  for (const score of scores) {
    const best: Candidate[] = [];
    for (const view of views) {
      for (let element = 0; element < view.lower.length; element++) {
        const own = score(view, element);
        if (!(own > (best[most - 1]?.score ?? 0))) continue;
        const point = pointOf(view, element);
        if (point === undefined) continue;
        best.push({ place: view.place, element, point, score: own });
        best.sort((one, other) => other.score - one.score);
        if (best.length > most) best.pop();
      }
    }
    for (const each of best) if (!chosen.has(nameOf(each))) chosen.set(nameOf(each), each);
  }
  return [...chosen.values()];
}

/** Both sides of a cut. */
export function halves(
  domain: Domain,
  { key, chosen }: Pick<Bounded, 'key' | 'chosen'>,
  candidate: Candidate,
  steps: number,
): Domain[] {
  const { question, splits } = domain;
  const { place, element, point } = candidate;
  const before = splits.map((split) =>
    split.place === place && split.element === element ? { ...split, weighs: false } : split,
  );
  const least = Number.isNaN(key) ? domain.key : Math.max(key, domain.key);
  return ([1, -1] as const).map((side): Domain => ({
    question,
    splits: [...before, { place, element, side, point, weighs: true }],
    chosen,
    key: least,
    steps,
  }));
}
