/**
 * Branch and bound over the inputs, where few of them vary: decides at the run's ε what bounds left open, and
 * closes the bracket of radii from both sides.
 */
import type { AttackContext } from '../attacks/attack.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Threat } from '../threats/threat.ts';
import { varying } from '../verify/branching.ts';
import { type MarginAnswer, MarginBoxes } from '../verify/margin-boxes.ts';
import type { Ends } from '../verify/alternatives.ts';
import { judgeCandidates } from './judge.ts';
import type { Entry, Ledger } from './ledger.ts';
import { type SplitPlan, splitPlan } from './plan.ts';

export interface SplitOptions {
  readonly plan: SplitPlan;
  readonly outOfTime: () => boolean;
}

const ID = 'bab';
/** Radii that are tried for one input. */
const MOST_TRIES = 40;

/** Asks at the run's ε about each entry that bounds left open. */
export async function splitAtEps(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { plan, outOfTime }: SplitOptions,
): Promise<void> {
  const boxes = boxesOf(context, ledger);
  if (!boxes) return;
  const { eps } = context.threat;
  for (const entry of entries) {
    if (outOfTime()) return;
    if (!servesAt(context, plan, entry, eps)) continue;
    const outcome = await charged(ledger, entry, ID, () =>
      decideAt({ context, ledger, boxes, entry, most: plan.boxes }, eps),
    );
    if (outcome === 'open') ledger.notes.add(unfinished(plan));
  }
}

/** Narrows each entry's bracket until it is as narrow as the plan asks for. */
export async function splitRadii(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { plan, outOfTime }: SplitOptions,
): Promise<void> {
  const boxes = boxesOf(context, ledger);
  if (!boxes) return;
  for (const entry of entries) {
    const splitting = { context, ledger, boxes, entry, most: plan.searchBoxes };
    let most = entry.upper ?? context.threat.reach(entry.x);
    for (let tries = 0; tries < MOST_TRIES && !outOfTime(); tries++) {
      most = Math.min(most, entry.upper ?? Infinity);
      const least = entry.lower ?? 0;
      if (most - least <= plan.tolerance * most) break;
      const isBroken = entry.upper === most;
      const radius = nextRadius(least, most, { tries, isBroken }, plan);
      if (!servesAt(context, plan, entry, radius)) break;
      const outcome = await charged(ledger, entry, `${ID}-search`, () =>
        decideAt(splitting, radius),
      );
      // Neither proven nor broken: what is below may still be proven.
      if (outcome === 'open') most = radius;
    }
  }
}

/** First just below where attacks ended, where most brackets close; or the whole valid box. */
function nextRadius(
  least: number,
  most: number,
  { tries, isBroken }: { readonly tries: number; readonly isBroken: boolean },
  { tolerance }: SplitPlan,
): number {
  if (most === Infinity) return 2 * least || 1;
  const middle = (least + most) / 2;
  if (tries > 0) return middle;
  return isBroken ? Math.max(middle, most * (1 - 0.9 * tolerance)) : most;
}

function unfinished({ boxes }: SplitPlan): string {
  return `Some inputs are left open after ${boxes.toLocaleString('en')} boxes (bab).`;
}

interface Splitting {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  readonly boxes: MarginBoxes;
  readonly entry: Entry;
  /** Boxes that are bounded at most. */
  readonly most: number;
}

/** Why no box of a classifier is cut; null where some may be. */
export function splitRefusal(classifier: Classifier, { norm, fixed }: Threat): string | null {
  if (!norm.isBox) return `boxes are cut in linf, whose balls are boxes, not in ${norm.name}`;
  if (!MarginBoxes.serves(classifier))
    return 'boxes are cut of classifiers with one input and no random numbers';
  const free = classifier.sampleSize - fixed.size;
  return free > splitPlan.inputs
    ? `boxes are cut where up to ${splitPlan.inputs} inputs vary, not ${free} (--freeze holds some)`
    : null;
}

function boxesOf({ classifier, threat }: AttackContext, { semantics }: Ledger): MarginBoxes | null {
  if (splitRefusal(classifier, threat) !== null) return null;
  return new MarginBoxes(classifier, semantics);
}

function servesAt(context: AttackContext, plan: SplitPlan, entry: Entry, radius: number): boolean {
  const inputs = varying(endsOf(context, entry, radius, 'outward'));
  return inputs > 0 && inputs <= plan.inputs;
}

function endsOf(
  { threat }: AttackContext,
  { x }: Entry,
  radius: number,
  side: 'inward' | 'outward',
): Ends {
  const [lower, upper] = [new Float32Array(x.length), new Float32Array(x.length)];
  threat.enclose(x, radius, side, lower, upper);
  return { lower, upper };
}

async function decideAt(splitting: Splitting, radius: number): Promise<MarginAnswer> {
  const { context, ledger, boxes, entry, most } = splitting;
  const { classifier, threat, signal } = context;
  const outcome = await boxes.decide({
    box: endsOf(context, entry, radius, 'outward'),
    inside: endsOf(context, entry, radius, 'inward'),
    kept: classifier.kept(entry.label),
    offer: async (x) => {
      const [found] = await judgeCandidates(classifier, threat, [entry], x.slice(), [radius]);
      if (found) ledger.broken(entry, found, ID);
      return found !== null && found !== undefined;
    },
    most,
    signal,
  });
  if (outcome === 'proven') ledger.proven(entry, radius, ID);
  return outcome;
}

async function charged(
  ledger: Ledger,
  entry: Entry,
  id: string,
  body: () => Promise<MarginAnswer>,
): Promise<MarginAnswer> {
  const begun = Date.now();
  const result = await body();
  const seconds = (Date.now() - begun) / 1000;
  const decided = Number(result !== 'open');
  ledger.charge(id, 'proof', [entry], { forwards: 0, gradients: 0, seconds, decided });
  return result;
}
