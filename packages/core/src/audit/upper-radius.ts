/**
 * The smallest radius at which an attack breaks each input: radii double until something breaks, then
 * the bracket between the largest radius withstood and the smallest one broken is halved. Each try
 * starts from the nearest adversarial input known, drawn in to the new radius, so nothing learned at
 * one radius is lost at the next. All inputs are searched together, each at a radius of its own.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { attackStage } from './attack-stage.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Plan } from './plan.ts';

const MAX_DOUBLINGS = 24;

interface Search {
  readonly entry: Entry;
  /** Largest radius worth trying. */
  readonly reach: number;
  doublings: number;
  done: boolean;
}

function firstRadius(entry: Entry, eps: number): number {
  if (eps > 0) return eps;
  const { estimate } = entry;
  return estimate !== null && Number.isFinite(estimate) && estimate > 0 ? estimate : 1e-3;
}

/** The next radius to try, or null when the search is over for this input. */
function nextRadius(search: Search, eps: number, tolerance: number): number | null {
  const { entry, reach } = search;
  const floor = Math.max(entry.withstood, entry.lower ?? 0);
  if (entry.upper !== null) {
    const width = entry.upper - floor;
    if (width <= tolerance * entry.upper || entry.upper === 0) return null;
    return floor + width / 2;
  }
  if (search.doublings++ >= MAX_DOUBLINGS || entry.withstood >= reach) return null;
  const wider = entry.withstood > 0 ? 2 * entry.withstood : firstRadius(entry, eps);
  return Math.min(reach, wider);
}

export async function searchUpperRadius(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  plan: Plan,
  outOfTime: () => boolean,
): Promise<void> {
  const { threat, classifier } = context;
  const size = classifier.sampleSize;
  const searches: Search[] = entries.map((entry) => ({
    entry,
    reach: threat.reach(entry.x),
    doublings: 0,
    done: false,
  }));
  for (let round = 0; round < plan.rounds + MAX_DOUBLINGS; round++) {
    const tries = searches.flatMap((search) => {
      if (search.done) return [];
      const radius = nextRadius(search, threat.eps, plan.tolerance);
      search.done = radius === null;
      return radius === null ? [] : [{ entry: search.entry, radius }];
    });
    if (tries.length === 0 || outOfTime()) return;
    let open = tries;
    for (const attack of plan.search) {
      const starts = new Float32Array(open.length * size);
      open.forEach(({ entry }, i) => starts.set(entry.adversarial ?? entry.x, i * size));
      const before = open.map(({ entry }) => entry.withstood);
      const broken = await attackStage(
        context,
        ledger,
        open.map(({ entry }) => entry),
        {
          attack,
          radii: Float64Array.from(open, ({ radius }) => radius),
          starts,
          method: 'radius-search',
        },
      );
      // Only when the whole round has failed has a radius been withstood.
      if (attack !== plan.search.at(-1)) {
        open.forEach(({ entry }, i) => (entry.withstood = before[i] ?? 0));
      }
      open = open.filter((_, i) => broken[i] !== true);
      if (open.length === 0) break;
    }
  }
}
