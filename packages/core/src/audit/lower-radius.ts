/**
 * The largest radius a bound proves, and the bound at the run's ε. The proven radius is found by
 * halving from above until something is proven, then by bisection; a proof at the radius of a known
 * adversarial input would be a contradiction, and the ledger treats it as one.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { intervalMargins } from '../bounds/interval.ts';
import { rowsOf } from './attack-stage.ts';
import type { Entry, Ledger } from './ledger.ts';

const METHOD = 'interval';
const TOLERANCE = 2e-5;
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
): Promise<Float64Array> {
  const begun = Date.now();
  const rows = rowsOf(entries, radii, context.classifier.sampleSize);
  const { lower } = await intervalMargins(context, rows, ledger.semantics);
  let decided = 0;
  entries.forEach((entry, i) => {
    if (!isProven(context, lower[i])) return;
    decided++;
    ledger.proven(entry, radii[i] ?? 0, METHOD);
  });
  const seconds = (Date.now() - begun) / 1000;
  const cost = { forwards: entries.length, gradients: 0, seconds, decided };
  ledger.charge(
    radii.every((r) => r === context.threat.eps) ? METHOD : `${METHOD}-search`,
    'proof',
    entries,
    cost,
  );
  return lower;
}

/** The bound at the run's ε: certifies, or leaves open. */
export async function certifyAtEps(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
): Promise<void> {
  if (entries.length === 0) return;
  const radii = new Float64Array(entries.length).fill(context.threat.eps);
  const lower = await prove(context, ledger, entries, radii);
  entries.forEach((entry, i) => {
    const value = lower[i] ?? Number.NaN;
    entry.marginLower = Number.isNaN(value) ? null : value;
  });
}

interface Search {
  readonly entry: Entry;
  proven: number;
  failed: number;
  tries: number;
}

function nextRadius(search: Search): number | null {
  const { proven, failed } = search;
  if (search.tries++ > MAX_HALVINGS + MAX_DOUBLINGS) return null;
  if (failed === Infinity) return proven > 0 ? 2 * proven : 1;
  if (proven === 0) return search.tries > MAX_HALVINGS ? null : failed / 2;
  if (failed - proven <= TOLERANCE * failed) return null;
  return proven + (failed - proven) / 2;
}

/** Searches every entry's largest proven radius; entries without any proof get 0. */
export async function searchLowerRadius(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  outOfTime: () => boolean,
): Promise<void> {
  const { threat } = context;
  const searches = entries.map((entry): Search => {
    const cap = entry.upper ?? threat.reach(entry.x);
    return { entry, proven: entry.lower ?? 0, failed: cap, tries: 0 };
  });
  await proveAtCaps(context, ledger, searches);
  for (let round = 0; round < MAX_ROUNDS && !outOfTime(); round++) {
    const tries = searches.flatMap((search) => {
      const radius = nextRadius(search);
      return radius === null || radius === 0 ? [] : [{ search, radius }];
    });
    if (tries.length === 0) break;
    const radii = Float64Array.from(tries, ({ radius }) => radius);
    const lower = await prove(
      context,
      ledger,
      tries.map(({ search }) => search.entry),
      radii,
    );
    tries.forEach(({ search, radius }, i) => {
      if (isProven(context, lower[i])) search.proven = radius;
      else search.failed = radius;
    });
  }
  for (const { entry } of searches) entry.lower ??= 0;
}

/** Tries the largest radius first: the whole valid box, or the nearest adversarial input's. */
async function proveAtCaps(
  context: AttackContext,
  ledger: Ledger,
  searches: readonly Search[],
): Promise<void> {
  const capped = searches.filter(({ failed }) => failed !== Infinity && failed > 0);
  if (capped.length === 0) return;
  const lower = await prove(
    context,
    ledger,
    capped.map(({ entry }) => entry),
    Float64Array.from(capped, ({ failed }) => failed),
  );
  capped.forEach((search, i) => {
    if (isProven(context, lower[i])) search.proven = search.failed;
  });
}
