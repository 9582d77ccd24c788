/**
 * The largest radius a bound proves, and the bound at the run's ε. The proven radius is found by
 * cutting from above until something is proven, then by interpolation (regula falsi, Illinois); a proof
 * at the radius of a known adversarial input would be a contradiction, and the ledger treats it as one.
 */
import type { AttackContext } from '../attacks/attack.ts';
import type { Bound } from '../bounds/bound.ts';
import { rowsOf } from './attack-stage.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Proof } from './plan.ts';

/** Brackets wider than this share are cut at the geometric mean. */
const WIDE = 3;
/** How much farther than a cheaper bound a dear one is expected to reach: where it is asked first. */
const FARTHER = 1.15;
const MAX_HALVINGS = 60;
const MAX_ROUNDS = 120;
/** Without a box or an attack to end the search, radii double at most this often. */
const MAX_DOUBLINGS = 40;

/** Whether a bound on the margin keeps the file's own scores apart; NaN proves nothing. */
function isProven({ classifier }: AttackContext, margin = Number.NaN): boolean {
  return margin > classifier.separation;
}

async function prove(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  radii: Float64Array,
  bound: Bound,
): Promise<Float64Array> {
  const begun = Date.now();
  const rows = rowsOf(context.classifier, entries, radii);
  const lower = await bound.margins(context, rows, ledger.semantics);
  let decided = 0;
  entries.forEach((entry, i) => {
    if (!isProven(context, lower[i])) return;
    decided++;
    ledger.proven(entry, radii[i] ?? 0, bound.id);
  });
  const seconds = (Date.now() - begun) / 1000;
  const cost = { forwards: entries.length, gradients: 0, seconds, decided };
  ledger.charge(
    radii.every((r) => r === context.threat.eps) ? bound.id : `${bound.id}-search`,
    'proof',
    entries,
    cost,
  );
  return lower;
}

/** Whether the best bound so far misses a proof by less than so many times the margin of the input itself. */
function isHopeful({ margin, marginLower }: Entry, share: number): boolean {
  return marginLower === null || margin === null || marginLower > -share * margin;
}

/** The bound at the run's ε: certifies, or leaves open. */
export async function certifyAtEps(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  proofs: readonly Proof[],
): Promise<void> {
  let open = entries;
  for (const { bound, hope } of proofs) {
    if (bound.serves?.(context) === false) continue;
    if (bound.isDear(context.classifier)) open = open.filter((entry) => isHopeful(entry, hope));
    if (open.length === 0) return;
    const radii = new Float64Array(open.length).fill(context.threat.eps);
    const lower = await prove(context, ledger, open, radii, bound);
    open.forEach((entry, i) => {
      const value = lower[i] ?? Number.NaN;
      if (!Number.isNaN(value)) entry.marginLower = Math.max(value, entry.marginLower ?? -Infinity);
    });
    open = open.filter((_, i) => !isProven(context, lower[i]));
  }
}

interface Search {
  readonly entry: Entry;
  readonly isDear: boolean;
  proven: number;
  failed: number;
  tries: number;
  /** The bound's values at both ends of the bracket; NaN where they are not known. */
  atProven: number;
  atFailed: number;
  /** Whether the last radius was proven. */
  last: boolean | null;
}

function nextRadius(search: Search, tolerance: number): number | null {
  const { proven, failed } = search;
  if (search.tries++ > MAX_HALVINGS + MAX_DOUBLINGS) return null;
  const isFirst = Number.isNaN(search.atProven) && Number.isNaN(search.atFailed);
  if (search.isDear && isFirst && proven > 0 && FARTHER * proven < failed) return FARTHER * proven;
  if (failed === Infinity) return proven > 0 ? 2 * proven : 1;
  if (proven === 0) return search.tries > MAX_HALVINGS ? null : failed / 2;
  if (failed - proven <= tolerance * failed) return null;
  const share = (expectedRoot(search) - proven) / (failed - proven);
  // Close to one end, a step of the tolerance closes the bracket from the other.
  const least = Math.min(0.5, (0.9 * tolerance * failed) / (failed - proven));
  return proven + (failed - proven) * Math.min(Math.max(share, least), 1 - least);
}

/** Where the bound would be 0 if it were linear in the radius; the bracket's middle where nothing is known. */
function expectedRoot({ entry, proven, failed, atProven, atFailed }: Search): number {
  // At radius 0 the bound is the margin itself.
  const known = Number.isNaN(atProven) ? 0 : proven;
  const value = known === 0 ? (entry.margin ?? Number.NaN) : atProven;
  const beyond = Number.isNaN(atFailed)
    ? proven / (1 - atProven / (entry.margin ?? Number.NaN))
    : known + ((failed - known) * value) / (value - atFailed);
  if (Number.isFinite(beyond)) return beyond;
  return failed > WIDE * proven ? Math.sqrt(proven * failed) : (proven + failed) / 2;
}

/** Notes a bound at a radius; an end that stays where it is counts half the next time (Illinois). */
function narrow(search: Search, radius: number, value: number, proven: boolean): void {
  const again = search.last === proven;
  search.last = proven;
  if (proven) {
    search.proven = radius;
    search.atProven = value;
    if (again) search.atFailed /= 2;
  } else {
    search.failed = radius;
    search.atFailed = value;
    if (again) search.atProven /= 2;
  }
}

/** Searches every entry's largest proven radius; entries without any proof get 0. */
export async function searchLowerRadius(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { proofs, outOfTime }: { readonly proofs: readonly Proof[]; readonly outOfTime: () => boolean },
): Promise<void> {
  const searching = proofs.flatMap(({ bound, tolerance, dearTolerance }) => {
    if (bound.serves?.(context) === false) return [];
    const own = bound.isDear(context.classifier) ? dearTolerance : tolerance;
    return own === null ? [] : [{ bound, tolerance: own }];
  });
  for (const { bound, tolerance } of searching) {
    await searchWith(context, ledger, entries, { bound, tolerance, outOfTime });
  }
  for (const entry of entries) entry.lower ??= 0;
}

interface SearchOptions {
  readonly bound: Bound;
  readonly tolerance: number;
  readonly outOfTime: () => boolean;
}

async function searchWith(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { bound, tolerance, outOfTime }: SearchOptions,
): Promise<void> {
  const { threat, classifier } = context;
  const isDear = bound.isDear(classifier);
  const searches = entries.map((entry): Search => {
    const cap = entry.upper ?? threat.reach(entry.x);
    const values = { atProven: Number.NaN, atFailed: Number.NaN, last: null };
    return { entry, isDear, proven: entry.lower ?? 0, failed: cap, tries: 0, ...values };
  });
  // All of the valid box costs a dear bound the most, and is hardly ever proven where a cheaper one proves little.
  const beyond = searches.filter(({ proven }) => !isDear || proven === 0);
  await proveAtCaps(context, ledger, beyond, bound);
  for (let round = 0; round < MAX_ROUNDS && !outOfTime(); round++) {
    const tries = searches.flatMap((search) => {
      const radius = nextRadius(search, tolerance);
      return radius === null || radius === 0 ? [] : [{ search, radius }];
    });
    if (tries.length === 0) break;
    const radii = Float64Array.from(tries, ({ radius }) => radius);
    const lower = await prove(
      context,
      ledger,
      tries.map(({ search }) => search.entry),
      radii,
      bound,
    );
    tries.forEach(({ search, radius }, i) => {
      narrow(search, radius, lower[i] ?? Number.NaN, isProven(context, lower[i]));
    });
  }
}

/** Tries the whole valid box first, where nothing is known to break inside it. */
async function proveAtCaps(
  context: AttackContext,
  ledger: Ledger,
  searches: readonly Search[],
  bound: Bound,
): Promise<void> {
  const capped = searches.filter(
    ({ entry, failed }) => entry.upper === null && failed !== Infinity && failed > 0,
  );
  if (capped.length === 0) return;
  const lower = await prove(
    context,
    ledger,
    capped.map(({ entry }) => entry),
    Float64Array.from(capped, ({ failed }) => failed),
    bound,
  );
  capped.forEach((search, i) => {
    search.atFailed = lower[i] ?? Number.NaN;
    if (isProven(context, lower[i])) search.proven = search.failed;
  });
}
