/** Where a domain is cut: at a value inside whose relaxation the bound pays most for. */
import type { StopView } from './domain-bounder.ts';
import type { Split } from './domain.ts';

/** A value that may be cut, and how much that promises. */
export interface Candidate {
  readonly place: number;
  readonly element: number;
  readonly point: number;
  readonly score: number;
}

/** What each unstable hinge may gain at once: by how far its lines are from it where the bound is least. */
export function gapOf({ lower, upper, coefficients, behind, points }: StopView, i: number): number {
  const [low, high, own] = [lower[i] ?? 0, upper[i] ?? 0, behind?.[i] ?? 0];
  if (!(low < 0 && high > 0) || own === 0) return 0;
  const slope = (coefficients[i] ?? 0) / own;
  const z = points[i] ?? 0;
  const bent = Math.max(z, 0);
  return own < 0 ? -own * (slope * (z - low) - bent) : own * (bent - slope * z);
}

/** By what the line above lies over the hinge at its bend (Henriksen & Lomuscio 2021; BaBSR's intercepts). */
export function interceptOf({ lower, upper, coefficients, behind }: StopView, i: number): number {
  const [low, high, own] = [lower[i] ?? 0, upper[i] ?? 0, behind?.[i] ?? 0];
  if (!(low < 0 && high > 0)) return 0;
  return own < 0 ? (coefficients[i] ?? 0) * low : (own * -low * high) / (high - low) / 2;
}

type Score = (view: StopView, i: number) => number;

/** The best of each score, without repetition, the best first. */
export function candidates(
  views: ReadonlyMap<number, StopView>,
  splits: readonly Split[],
  most: number,
  scores: readonly Score[] = [gapOf, interceptOf],
): Candidate[] {
  const taken = new Set(splits.map(({ place, element }) => `${place}/${element}`));
  const chosen: Candidate[] = [];
  for (const score of scores) {
    const best: Candidate[] = [];
    for (const [place, view] of views) {
      view.lower.forEach((_, element) => {
        const own = score(view, element);
        if (!(own > (best[most - 1]?.score ?? 0)) || taken.has(`${place}/${element}`)) return;
        best.push({ place, element, point: 0, score: own });
        best.sort((one, other) => other.score - one.score);
        if (best.length > most) best.pop();
      });
    }
    for (const each of best) {
      const name = `${each.place}/${each.element}`;
      if (!taken.has(name)) chosen.push(each);
      taken.add(name);
    }
  }
  return chosen;
}
