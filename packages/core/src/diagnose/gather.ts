/**
 * Gathers the evidence: every attack once, on all examined inputs, so that any two can be held against each
 * other input by input; then the probes. What breaks an input goes through the ledger like any attack's find.
 */
import type { Attack, AttackContext } from '../attacks/attack.ts';
import { averaged } from '../attacks/averaged.ts';
import { fgsm } from '../attacks/fgsm.ts';
import { noise } from '../attacks/noise.ts';
import { pgd } from '../attacks/pgd.ts';
import { polished } from '../attacks/polished.ts';
import { square } from '../attacks/square.ts';
import { transferFrom } from '../attacks/transfer.ts';
import { unbounded, unboundedRadius } from '../attacks/unbounded.ts';
import { attackStage, rowsOf } from '../audit/attack-stage.ts';
import type { Entry, Ledger } from '../audit/ledger.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Evidence, Trial } from './evidence.ts';
import { bracketSome } from './brackets.ts';
import { isConstant, outputOf, waveringOf } from './outputs.ts';
import { probeSlopes } from './slopes.ts';
import { hasSteps } from './stand-ins.ts';
import { probeSteps } from './steps.ts';

/** How much is spent. */
export interface Depth {
  /** Queries of score-based searches, ascending: the next is made where the last found what the gradient missed. */
  readonly queries: readonly number[];
  /** Of the attack that averages gradients over a neighbourhood: steps, and gradients of each. */
  readonly averaged: { readonly steps: number; readonly draws: number };
  /** The same of the one whose chords go along its own way. */
  readonly chords: { readonly steps: number; readonly draws: number };
  /** Random points. */
  readonly draws: number;
  /** Steps of the attack that is examined; those and the restarts of the longer one. */
  readonly steps: number;
  readonly longer: { readonly steps: number; readonly restarts: number };
  /** Radii of the curve, in units of the run's. */
  readonly radii: readonly number[];
  /** Whether a few inputs are bracketed where nobody has asked for radii. */
  readonly brackets: boolean;
}

/** PGD-40 is what is examined (Madry et al. 2018); the long one takes ten times its gradients. */
export const depths = {
  quick: {
    queries: [250, 1000],
    averaged: { steps: 40, draws: 4 },
    chords: { steps: 40, draws: 4 },
    draws: 100,
    steps: 40,
    longer: { steps: 100, restarts: 2 },
    radii: [0.5, 2, 4],
    brackets: false,
  },
  full: {
    queries: [5000],
    averaged: { steps: 40, draws: 16 },
    chords: { steps: 100, draws: 8 },
    draws: 200,
    steps: 40,
    longer: { steps: 100, restarts: 4 },
    radii: [0.125, 0.25, 0.5, 0.75, 1.5, 2, 3, 4],
    brackets: true,
  },
} satisfies Readonly<Record<string, Depth>>;

export interface Gathering {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  /** What is examined: right ones of the ledger. */
  readonly entries: readonly Entry[];
  readonly depth: Depth;
  readonly surrogates: readonly Classifier[];
  /** The same model read so that searches see through its steps and draws; null: it has none. */
  readonly adapted: Classifier | null;
  readonly onStage: (stage: string) => void;
}

const LOSS = 'softmax-cross-entropy';
/** Of each run over the whole valid box. */
const UNBOUNDED_STEPS = 60;
/** Steps and restarts of the attack on the adapted model. */
const ADAPTED = { steps: 60, restarts: 2 };

export async function gather(gathering: Gathering): Promise<Evidence> {
  const { context, ledger, entries, depth, surrogates, adapted, onStage } = gathering;
  const { eps } = context.threat;
  const { steps, longer } = depth;
  const examined = pgd({ id: 'pgd-softmax', loss: LOSS, steps, restarts: 1 });
  const at = (radius: number) => new Float64Array(entries.length).fill(radius);
  const trial = async (
    attack: Attack,
    { radii = at(eps), own = context }: { radii?: Float64Array; own?: AttackContext } = {},
  ): Promise<Trial | null> => {
    if (attack.refusal?.(own)) return null;
    onStage(attack.id);
    // What is proven stands whatever attacks do: only the attack that is examined tries it all the same.
    const open = entries.flatMap((entry, i) =>
      attack === examined || !isProven(entry, radii[i] ?? eps) ? [i] : [],
    );
    const options = {
      attack,
      radii: Float64Array.from(open, (i) => radii[i] ?? eps),
      method: attack.id,
      decides: false,
    };
    const chosen = open.flatMap((i) => entries[i] ?? []);
    const found = await attackStage(own, ledger, chosen, options);
    const broken = entries.map(() => false);
    open.forEach((i, place) => (broken[i] = found[place] ?? false));
    return { id: attack.id, eps: radii[0] ?? eps, broken };
  };
  const onMeans = { ...context, classifier: averagedOn(gathering) };
  const searched = async (): Promise<Trial | null> => {
    let last: Trial | null = null;
    for (const queries of depth.queries) {
      last = await trial(square({ queries }));
      if (!last?.broken.some((own, i) => own && !iterated.broken[i])) break;
    }
    return last;
  };
  const none: Trial = { id: 'none', eps, broken: entries.map(() => false) };
  const iterated = (await trial(examined, { own: { ...context, trace: true } })) ?? none;
  const paths = pathsOf(ledger, entries);
  const curve = [iterated];
  for (const times of depth.radii) {
    const radius = context.threat.norm.counts ? Math.round(times * eps) : times * eps;
    if (radius === 0 || curve.some((point) => point.eps === radius)) continue;
    const attack = pgd({ id: 'pgd-softmax', loss: LOSS, steps, restarts: 1 });
    const point = await trial(attack, { radii: at(radius) });
    if (point) curve.push(point);
  }
  const trials = {
    iterated,
    oneStep: (await trial({ ...fgsm({ loss: LOSS }), id: 'fgsm-softmax' })) ?? none,
    longer: await trial(pgd({ id: 'pgd-long', loss: LOSS, ...longer })),
    random: (await trial({ ...noise({ draws: depth.draws }), id: 'random-search' })) ?? none,
    scores: await searched(),
    transfer: any(await inTurn(surrogates, (surrogate) => trial(transferFrom(surrogate)))),
    adapted: any([
      adapted &&
        (await trial(pgd({ id: 'pgd-adapted', loss: 'margin', ...ADAPTED }), {
          own: { ...context, classifier: adapted },
        })),
      ...(await inTurn(ofMeans(depth), (attack) => trial(attack, { own: onMeans }))),
    ]),
    curve: curve.sort((a, b) => a.eps - b.eps),
    unbounded: await trial(unbounded({ loss: LOSS, steps: UNBOUNDED_STEPS }), {
      radii: Float64Array.from(entries, ({ x }) => unboundedRadius(context.threat, x)),
    }),
  };
  onStage('brackets');
  const bracketed = new Set(depth.brackets ? await bracketSome(context, ledger, entries) : []);
  onStage('gradients');
  const rows = rowsOf(context.classifier, entries, at(eps));
  return {
    count: entries.length,
    total: ledger.entries.length,
    eps,
    examined: {
      norm: context.threat.norm.name,
      passable: !context.classifier.straightThrough && hasSteps(context.classifier),
      random: context.classifier.model.random.length > 0,
    },
    trials,
    paths,
    slopes: await probeSlopes(context, rows),
    steps: context.classifier.model.random.length > 0 ? null : await probeSteps(context, rows),
    wavering: await waveringOf(context, rows),
    output: await outputOf(context, rows),
    constant: await isConstant(context, rows),
    brackets: entries.map((entry) => ({
      lower: entry.lowerMethod !== null || bracketed.has(entry) ? entry.lower : null,
      upper: entry.upper,
    })),
  };
}

/** Proofs go up to ε itself, attacks a step of float32 farther. */
const AS_FAR = 1 - 2 ** -20;

/** Whether no attack can break an input within a radius. */
function isProven({ lower, lowerMethod }: Entry, radius: number): boolean {
  return lowerMethod !== null && lower !== null && lower >= radius * AS_FAR;
}

/** Attacks by gradients that are means of many: over a neighbourhood, and along the way. */
function ofMeans({ averaged: around, chords }: Depth): Attack[] {
  return [averaged(around), averaged({ ...chords, along: true })].map(polished);
}

/** Averaged gradients draw anew themselves: a randomised model is averaged one pass at a time. */
function averagedOn({ context: { classifier }, adapted }: Gathering): Classifier {
  return classifier.model.random.length > 0 ? classifier : (adapted ?? classifier);
}

/** Inputs that were not examined and still stand: by what does not depend on the model's own gradient at a point. */
export async function sweep(gathering: Gathering, standing: readonly Entry[]): Promise<void> {
  const { context, ledger, depth, surrogates, adapted, onStage } = gathering;
  const onAdapted = pgd({ id: 'pgd-adapted', loss: 'cross-entropy', ...ADAPTED });
  const classifier = averagedOn(gathering);
  const attacks = [
    ...surrogates.map((surrogate) => ({ attack: polished(transferFrom(surrogate)), own: context })),
    ...(adapted ? [{ attack: onAdapted, own: { ...context, classifier: adapted } }] : []),
    ...ofMeans(depth).map((attack) => ({ attack, own: { ...context, classifier } })),
  ];
  let open = standing.filter((entry) => !isProven(entry, context.threat.eps));
  for (const { attack, own } of attacks) {
    if (attack.refusal?.(own)) continue;
    onStage(attack.id);
    const radii = new Float64Array(open.length).fill(context.threat.eps);
    const options = { attack, radii, method: attack.id, decides: false };
    const broken = await attackStage(own, ledger, open, options);
    open = open.filter((_, i) => !broken[i]);
  }
}

/** The margins of the one traced run, by entry. */
function pathsOf({ traces }: Ledger, entries: readonly Entry[]): Float32Array[] {
  const byIndex = new Map(traces.map(({ index, margins }) => [index, margins]));
  return entries.map(({ index }) => byIndex.get(index) ?? new Float32Array());
}

async function inTurn<T>(
  all: readonly T[],
  run: (each: T) => Promise<Trial | null>,
): Promise<(Trial | null)[]> {
  const trials: (Trial | null)[] = [];
  for (const each of all) trials.push(await run(each));
  return trials;
}

/** What any of several attacks broke; null where none was run. */
function any(all: readonly (Trial | null)[]): Trial | null {
  const trials = all.flatMap((trial) => trial ?? []);
  const [first] = trials;
  if (!first) return null;
  const ids = [...new Set(trials.map(({ id }) => id))];
  return {
    ...first,
    id: ids.join(' and '),
    broken: first.broken.map((_, i) => trials.some(({ broken }) => broken[i])),
  };
}
