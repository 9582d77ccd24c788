/**
 * The smallest radius at which an attack breaks each input: radii double until something breaks, then
 * the bracket between the largest radius withstood and the smallest one broken is halved. Each try
 * starts from the nearest adversarial input known, drawn in to the new radius, so nothing learned at
 * one radius is lost at the next. All inputs are searched together, each at a radius of its own.
 */
import type { Attack, AttackContext } from '../attacks/attack.ts';
import type { Threat } from '../threats/threat.ts';
import { attackStage, withstand } from './attack-stage.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Job } from './job.ts';
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
function nextRadius(search: Search, threat: Threat, tolerance: number): number | null {
  const { eps, quantum, grid } = threat;
  const next = nextReal(search, eps, tolerance);
  if (quantum === 0 || next === null) return next;
  // Between whole numbers of features, or of eight-bit steps, there is nothing to try; steps are off by
  // their rounding, and a little more than so many holds them at every feature.
  const { upper, withstood } = search.entry;
  const steps = Math.floor(next / quantum + 1e-9) * quantum;
  const whole = steps + (grid && !threat.norm.counts ? grid.dust : 0);
  return whole <= withstood || (upper !== null && whole >= upper) ? null : whole;
}

function nextReal(search: Search, eps: number, tolerance: number): number | null {
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

/**
 * Searches every entry's smallest broken radius. When brackets have closed, stronger attacks try
 * again a little below; where they succeed the search goes on from there.
 */
export async function searchUpperRadius(job: Job, entries: readonly Entry[]): Promise<void> {
  await seekNearest(job, entries);
  await bisect(job, entries);
  const lowered = await polish(job, entries);
  await bisect(job, lowered);
}

/** Attacks that look for the nearest break, each within the nearest known so far. */
async function seekNearest(
  { context, ledger, plan, outOfTime }: Job,
  entries: readonly Entry[],
): Promise<void> {
  const blind = blindAttack(plan, context, 'nearest');
  for (const attack of [...plan.nearest, ...(blind ? [blind] : [])]) {
    if (attack.refusal?.(context)) continue;
    const open = entries.filter(
      (entry) => (entry.upper ?? 1) > 0 && (attack !== blind || isBlind(entry)),
    );
    if (open.length === 0 || outOfTime()) return;
    const radii = Float64Array.from(open, (entry) => within(context, entry));
    const starts = nearestKnown(context, open);
    const options = { attack, radii, starts, method: attack.id, decides: false };
    await attackStage(context, ledger, open, options);
  }
}

/** The attack that needs no gradient, where it has this aim and the norm is one that it serves. */
function blindAttack(plan: Plan, context: AttackContext, aim: Attack['aim']): Attack | null {
  const first = plan.blind.find((attack) => attack.refusal?.(context) == null);
  return first?.aim === aim ? first : null;
}

/** Whether gradients have nothing to say of an input, or attacks by them nothing to show. */
function isBlind({ upper, estimate }: Entry): boolean {
  return upper === null || estimate === null;
}

/** Without a valid box nothing bounds a search: float32 does. */
const FARTHEST = 1e30;

/** The most that a search for the nearest break may use. */
export function within({ threat }: AttackContext, entry: Entry): number {
  return entry.upper ?? Math.min(FARTHEST, threat.reach(entry.x));
}

const MAX_POLISHES = 12;

/** Attacks again below each broken radius for as long as that succeeds; returns what it lowered. */
async function polish(
  { context, ledger, plan, outOfTime }: Job,
  entries: readonly Entry[],
): Promise<Entry[]> {
  const lowered = new Set<Entry>();
  let open = entries.filter(({ upper }) => upper !== null && upper > 0);
  for (let round = 0; round < MAX_POLISHES && open.length > 0 && !outOfTime(); round++) {
    const radii = new Map(
      open.map((entry) => [entry, (entry.upper ?? 0) * (1 - plan.polishShare)] as const),
    );
    // A radius that is proven safe needs no attack.
    let standing = open.filter((entry) => (radii.get(entry) ?? 0) > (entry.lower ?? 0));
    const broken: Entry[] = [];
    for (const attack of plan.polish) {
      const flags = await tryAt(context, ledger, standing, radii, attack);
      broken.push(...standing.filter((_, i) => flags[i] === true));
      standing = standing.filter((_, i) => flags[i] !== true);
    }
    if (!outOfTime()) withstandAt(radii, standing);
    for (const entry of broken) lowered.add(entry);
    open = broken;
  }
  return [...lowered];
}

/** The nearest adversarial input known of each entry, or its own input: where a search starts from. */
function nearestKnown({ classifier }: AttackContext, entries: readonly Entry[]): Float32Array {
  const size = classifier.sampleSize;
  const starts = new Float32Array(entries.length * size);
  entries.forEach((entry, i) => starts.set(entry.adversarial ?? entry.x, i * size));
  return starts;
}

/** Only when all attacks of a round have failed has a radius been withstood. */
function withstandAt(radii: ReadonlyMap<Entry, number>, standing: readonly Entry[]): void {
  for (const entry of standing) withstand(entry, radii.get(entry) ?? 0);
}

/** One attack at the given radii, from the nearest adversarial inputs known. */
function tryAt(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  radii: ReadonlyMap<Entry, number>,
  attack: Attack,
): Promise<boolean[]> {
  return attackStage(context, ledger, entries, {
    attack,
    radii: Float64Array.from(entries, (entry) => radii.get(entry) ?? 0),
    starts: nearestKnown(context, entries),
    method: 'radius-search',
    decides: false,
  });
}

async function bisect(
  { context, ledger, plan, outOfTime }: Job,
  entries: readonly Entry[],
): Promise<void> {
  const { threat } = context;
  const blind = blindAttack(plan, context, 'ball');
  const searches: Search[] = entries.map((entry) => ({
    entry,
    reach: threat.reach(entry.x),
    doublings: 0,
    done: false,
  }));
  for (let round = 0; round < plan.rounds + MAX_DOUBLINGS; round++) {
    const tries = searches.flatMap((search) => {
      if (search.done) return [];
      const radius = nextRadius(search, threat, plan.tolerance);
      search.done = radius === null;
      return radius === null ? [] : [{ entry: search.entry, radius }];
    });
    if (tries.length === 0 || outOfTime()) return;
    const radii = new Map(tries.map(({ entry, radius }) => [entry, radius] as const));
    let open = tries.map(({ entry }) => entry);
    for (const attack of [...plan.search, ...(blind ? [blind] : [])]) {
      const asked = attack === blind ? open.filter(isBlind) : open;
      const flags = await tryAt(context, ledger, asked, radii, attack);
      const broken = new Set(asked.filter((_, i) => flags[i] === true));
      open = open.filter((entry) => !broken.has(entry));
    }
    if (!outOfTime()) withstandAt(radii, open);
  }
}
