/**
 * Branch and bound, over the inputs where few of them vary, else over values inside: decides at the run's ε what
 * bounds left open, and closes the bracket of radii from both sides.
 */
import type { AttackContext } from '../attacks/attack.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { varying } from '../verify/branching.ts';
import { MarginDomains } from '../verify/margin-domains.ts';
import { type MarginAnswer, MarginBoxes } from '../verify/margin-boxes.ts';
import type { Ends } from '../verify/alternatives.ts';
import { judgeCandidates } from './judge.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { SplitPlan } from './plan.ts';

export interface SplitOptions {
  readonly plan: SplitPlan;
  readonly outOfTime: () => boolean;
}

/** The effort that takes all domains and boxes of the plan, and how many times fewer each lesser one takes. */
const [LAST_EFFORT, TIMES] = [3, 8];

const ID = 'bab';
/** Radii that are tried for one input. */
const MOST_TRIES = 40;

/**
 * Asks at the run's ε about each entry that bounds left open, for no longer than an effort allows (0, 1, …), so
 * that hard inputs need not keep easy ones waiting. Whether a greater one may decide what is left.
 */
export async function splitAtEps(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { plan: whole, outOfTime, effort }: SplitOptions & { readonly effort: number },
): Promise<boolean> {
  const isAll = effort >= LAST_EFFORT;
  const share = isAll ? 1 : TIMES ** (effort - LAST_EFFORT);
  const [domains, boxes] = [Math.ceil(whole.domains * share), Math.ceil(whole.boxes * share)];
  const plan = { ...whole, domains, boxes };
  const deciders = new Deciders(context, ledger, plan);
  const { eps } = context.threat;
  let isOpen = false;
  for (const entry of entries) {
    if (outOfTime()) break;
    if (!deciders.serve(entry, eps)) continue;
    const outcome = await charged(ledger, entry, ID, () =>
      decideAt({ context, ledger, deciders, entry, most: plan.boxes }, eps),
    );
    if (outcome !== 'open') continue;
    if (isAll) ledger.notes.add(unfinished(plan, deciders.boxes(entry, eps) !== null));
    else entry.timedOut = isOpen = true;
  }
  return isOpen;
}

/** Narrows each entry's bracket until it is as narrow as the plan asks for. */
export async function splitRadii(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { plan, outOfTime }: SplitOptions,
): Promise<void> {
  const deciders = new Deciders(context, ledger, { ...plan, domains: plan.searchDomains });
  for (const entry of entries) {
    const splitting = { context, ledger, deciders, entry, most: plan.searchBoxes };
    let most = entry.upper ?? context.threat.reach(entry.x);
    for (let tries = 0; tries < MOST_TRIES && !outOfTime(); tries++) {
      most = Math.min(most, entry.upper ?? Infinity);
      const least = entry.lower ?? 0;
      if (most - least <= plan.tolerance * most) break;
      const isBroken = entry.upper === most;
      const radius = nextRadius(least, most, { tries, isBroken }, plan);
      if (!deciders.serve(entry, radius)) break;
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

function unfinished({ boxes, domains }: SplitPlan, areBoxes: boolean): string {
  const most = areBoxes
    ? `${boxes.toLocaleString('en')} boxes`
    : `${domains.toLocaleString('en')} domains`;
  return `Some inputs are left open after ${most} (bab).`;
}

interface Splitting {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  readonly deciders: Deciders;
  readonly entry: Entry;
  /** Boxes that are bounded at most. */
  readonly most: number;
}

/** What decides about a radius; each is made when it is first needed. */
class Deciders {
  private readonly context: AttackContext;
  private readonly ledger: Ledger;
  private readonly plan: SplitPlan;
  private ownBoxes: MarginBoxes | undefined;
  private ownDomains: MarginDomains | undefined;

  constructor(context: AttackContext, ledger: Ledger, plan: SplitPlan) {
    this.context = context;
    this.ledger = ledger;
    this.plan = plan;
  }

  /** Where boxes are cut. */
  boxes(entry: Entry, radius: number): MarginBoxes | null {
    const { classifier, threat } = this.context;
    if (!threat.norm.isBox || !MarginBoxes.serves(classifier)) return null;
    const inputs = varying(endsOf(this.context, entry, radius, 'outward'));
    if (inputs === 0 || inputs > this.plan.inputs) return null;
    this.ownBoxes ??= new MarginBoxes(classifier, this.ledger.semantics);
    return this.ownBoxes;
  }

  /** Where sets are cut by values inside. */
  get domains(): MarginDomains | null {
    const { classifier, threat } = this.context;
    if (this.plan.domains === 0 || classifier.model.random.length > 0) return null;
    this.ownDomains ??= new MarginDomains(classifier, threat, this.ledger.semantics);
    return this.ownDomains;
  }

  get mostDomains(): number {
    return this.plan.domains;
  }

  serve(entry: Entry, radius: number): boolean {
    return this.boxes(entry, radius) !== null || (radius > 0 && this.domains !== null);
  }
}

/** Why branch and bound does not serve a classifier; null where it does. */
export function splitRefusal({ model }: Classifier): string | null {
  return model.random.length > 0 ? 'nothing is proven of a model that draws random numbers' : null;
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
  const { context, ledger, deciders, entry, most } = splitting;
  const { classifier, threat, signal } = context;
  const kept = classifier.kept(entry.label);
  const offer = async (x: Float32Array): Promise<boolean> => {
    const [found] = await judgeCandidates(classifier, threat, [entry], x.slice(), [radius]);
    if (found) ledger.broken(entry, found, ID);
    return found !== null && found !== undefined;
  };
  const outcome = await (deciders.boxes(entry, radius)?.decide({
    box: endsOf(context, entry, radius, 'outward'),
    inside: endsOf(context, entry, radius, 'inward'),
    kept,
    offer,
    most,
    signal,
  }) ??
    deciders.domains?.decide({
      x: entry.x,
      stream: entry.index,
      radius,
      kept,
      offer,
      most: deciders.mostDomains,
      signal,
    }) ??
    'open');
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
