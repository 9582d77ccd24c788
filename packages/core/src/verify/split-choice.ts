/** Where a domain is cut: at a value inside whose relaxation the bound pays most for. */
import type { Bounded, StopView } from './domain-bounder.ts';
import type { Domain, Split } from './domain.ts';

/** A value that may be cut, and how much that promises. */
export interface Candidate {
  readonly place: number;
  readonly element: number;
  readonly point: number;
  readonly score: number;
}

type Score = (view: StopView, i: number) => number;

/** How far the lines of an unstable hinge are from it where the bound is least: what cutting gains at once. */
export const byGap: Score = ({ lower, upper, behind, turns, points, flat }, i) => {
  const [low, high, own, z] = [lower[i] ?? 0, upper[i] ?? 0, behind[i] ?? 0, points[i] ?? 0];
  if (!(low < 0 && high > 0)) return 0;
  const bent = Math.max(z, flat * z);
  if (own < 0) return -own * (((high - flat * low) / (high - low)) * (z - low) + flat * low - bent);
  return own * (bent - ((low + high > 0 ? 1 : flat) + (turns[i] ?? 0)) * z);
};

/** By how far the line above lies over the bend (Bunel et al. 2020; De Palma et al. 2021). */
export const byIntercept: Score = ({ lower, upper, behind, flat }, i) => {
  const [low, high, own] = [lower[i] ?? 0, upper[i] ?? 0, behind[i] ?? 0];
  if (!(low < 0 && high > 0)) return 0;
  const over = ((flat - 1) * low * high) / (high - low);
  return own < 0 ? -own * over : (own * over) / 2;
};

/** The best by each score, without repetition. */
export function candidates(
  views: readonly StopView[],
  splits: readonly Split[],
  most: number,
  scores: readonly Score[] = [byGap, byIntercept],
): Candidate[] {
  const nameOf = (place: number, element: number): string => `${place}/${element}`;
  const taken = new Set(splits.map(({ place, element }) => nameOf(place, element)));
  const chosen: Candidate[] = [];
  for (const score of scores) {
    const best: Candidate[] = [];
    for (const view of views) {
      const { place } = view;
      for (let element = 0; element < view.lower.length; element++) {
        const own = score(view, element);
        if (!(own > (best[most - 1]?.score ?? 0)) || taken.has(nameOf(place, element))) continue;
        best.push({ place, element, point: 0, score: own });
        best.sort((one, other) => other.score - one.score);
        if (best.length > most) best.pop();
      }
    }
    for (const each of best) taken.add(nameOf(each.place, each.element));
    chosen.push(...best);
  }
  return chosen;
}

/** Both sides of a cut. */
export function halves(domain: Domain, { key, chosen }: Bounded, candidate: Candidate): Domain[] {
  const { question, splits } = domain;
  const { place, element, point } = candidate;
  const least = Number.isNaN(key) ? domain.key : Math.max(key, domain.key);
  return ([1, -1] as const).map((side): Domain => ({
    question,
    splits: [...splits, { place, element, side, point }],
    chosen,
    key: least,
  }));
}
