/**
 * The exact margin of small ReLU networks, as a bracket: below, the least bound of a branch and bound over
 * the signs of ReLUs; above, an input that breaks the original file. The set's bounds are taken at the
 * nearest break that is known, and again where a much nearer one turns up.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { attackTable } from '../attacks/table.ts';
import { nearestProgram, type Room } from '../bounds/exact/nearest-program.ts';
import { searchNearest } from '../bounds/exact/nearest-rival.ts';
import { ReluNetworkReader } from '../bounds/exact/relu-network.ts';
import { attackStage } from './attack-stage.ts';
import { judgeCandidates } from './judge.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { ExactPlan } from './plan.ts';
import { within } from './upper-radius.ts';

export interface ExactOptions {
  readonly plan: ExactPlan;
  /** False: only whether the run's ε is safe. */
  readonly radii: boolean;
  readonly outOfTime: () => boolean;
}

const ID = 'exact';
/** A distance is a sum of rounded float64 terms; a proof ends this share before its bound. */
const SLACK = 2 ** -30;
/** A break this much nearer than the set's radius is worth tighter bounds. */
const NEARER = 0.8;
/** How far behind a tie witnesses are looked for along the ray, relatively. */
const BEHIND = [0, 2e-6, 1e-5, 4e-5];
const MOST_ROUNDS = 60;

/** Brackets each entry's margin; where `radii` is false, up to the run's ε alone. */
export async function exactStage(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  options: ExactOptions,
): Promise<void> {
  if (entries.length === 0) return;
  const reader = new ReluNetworkReader(context, ledger.semantics);
  const attack = attackTable['fmn-rounds'];
  const radii = Float64Array.from(entries, (entry) => within(context, entry));
  const nearest = { attack, radii, method: attack.id, decides: false };
  await attackStage(context, ledger, entries, nearest);
  for (const entry of entries) {
    if (options.outOfTime()) return;
    const begun = Date.now();
    await bracket({ context, ledger, reader, entry, options });
    const seconds = (Date.now() - begun) / 1000;
    const { eps } = context.threat;
    const decided = ledger.verdict(entry) === 'certified' || (entry.upper ?? Infinity) <= eps;
    const cost = { forwards: 0, gradients: 0, seconds, decided: Number(decided) };
    ledger.charge(ID, 'proof', [entry], cost);
  }
}

interface Bracketing {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  readonly reader: ReluNetworkReader;
  readonly entry: Entry;
  readonly options: ExactOptions;
}

async function bracket(bracketing: Bracketing): Promise<void> {
  const { context, ledger, reader, entry, options } = bracketing;
  const { classifier, threat, signal } = context;
  const { plan, radii, outOfTime } = options;
  const reach = threat.reach(entry.x);
  const cap = radii ? reach : Math.min(reach, threat.eps);
  let radius = Math.min(cap, entry.upper ?? firstRadius(entry, reach));
  let left = plan.nodes;
  for (let round = 0; round < MOST_ROUNDS && left > 0 && !outOfTime(); round++) {
    if (!radii && (entry.upper ?? Infinity) <= threat.eps) return;
    const room = roomOf(context, entry, radius * (1 + SLACK));
    const network = room && (await reader.over(entry.x, room.radius, entry.index));
    if (!network) return;
    const { separation } = classifier;
    const nearest = nearestProgram(network, room, {
      label: classifier.kept(entry.label),
      separation,
    });
    if (nearest.unstable.length > plan.unstable) {
      ledger.notes.add(
        `Some balls leave more than ${plan.unstable} ReLUs open: their margins are bracketed by the cheaper bounds alone (exact).`,
      );
      return;
    }
    const searched = await searchNearest(nearest, room, {
      tolerance: plan.tolerance,
      nodes: left,
      narrowBelow: radii ? NEARER * radius : radius * (1 + SLACK),
      upper: entry.upper ?? Infinity,
      offer: (input) => offer(bracketing, input),
      outOfTime,
      signal,
    });
    if (!searched) {
      ledger.notes.add(REFUSED);
      return;
    }
    const { lower, nodes, narrowed } = searched;
    left -= nodes;
    const proven = lower === Infinity ? radius : Math.min(radius, lower * (1 - SLACK));
    if (proven > 0) ledger.proven(entry, proven, ID);
    if (lower === Infinity && radius < cap) radius = Math.min(cap, entry.upper ?? 2 * radius);
    else if (narrowed && entry.upper !== null) radius = Math.min(cap, entry.upper);
    else {
      const { upper, lower: least } = entry;
      const isWide = upper !== null && (least ?? 0) < upper * (1 - plan.tolerance);
      if (radii && isWide) ledger.notes.add(left > 0 ? BLURRED : UNFINISHED);
      return;
    }
  }
}

const REFUSED =
  'Some linear programs hold numbers too large for the solver: their margins are bracketed by the cheaper bounds alone (exact).';
const UNFINISHED =
  'Some exact brackets are wider than asked for: their linear programs were too many (exact).';
const BLURRED =
  'Some exact brackets are wider than asked for: between their ends rounding decides (exact).';

/** Where nothing is known to break: the whole valid box, or twice what is proven. */
function firstRadius({ lower }: Entry, reach: number): number {
  return Number.isFinite(reach) ? reach : 2 * (lower ?? 0) || 1;
}

/** The set of a radius; null in a norm whose balls are no polytopes. */
function roomOf({ threat }: AttackContext, { x }: Entry, radius: number): Room | null {
  const { name } = threat.norm;
  if (name !== 'linf' && name !== 'l1') return null;
  const [lower, upper] = [new Float32Array(x.length), new Float32Array(x.length)];
  threat.enclose(x, radius, 'outward', lower, upper);
  return { norm: name, radius, centre: x, lower, upper, weights: threat.weights };
}

/** Candidates at an input and just behind it, judged by the original file. */
async function offer({ context, ledger, entry }: Bracketing, input: Float64Array): Promise<number> {
  const { classifier, threat } = context;
  const candidates = new Float32Array(BEHIND.length * entry.x.length);
  BEHIND.forEach((share, k) => {
    entry.x.forEach((c, i) => {
      candidates[k * entry.x.length + i] = c + ((input[i] ?? c) - c) * (1 + share);
    });
  });
  const within = BEHIND.map(() => entry.upper ?? threat.reach(entry.x));
  const entries = BEHIND.map(() => entry);
  for (const found of await judgeCandidates(classifier, threat, entries, candidates, within)) {
    if (found) ledger.broken(entry, found, ID);
  }
  return entry.upper ?? Infinity;
}
