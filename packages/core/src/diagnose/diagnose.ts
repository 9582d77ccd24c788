/**
 * Whether what attacks could not break is robust, or only hides its gradient: measures every indicator of
 * the literature on some of the inputs and says what the robust accuracy is at most, the worst of all
 * attacks and transfers included.
 */
import { audit } from '../audit/audit.ts';
import type { AuditData } from '../audit/data.ts';
import { type Broken, type Entry, Ledger } from '../audit/ledger.ts';
import type { MaskingRecord, SampleRecord } from '../audit/run.ts';
import { cleanEntries } from '../audit/stages.ts';
import type { AttackContext } from '../attacks/attack.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Threat } from '../threats/threat.ts';
import type { Evidence } from './evidence.ts';
import { type Figures, figuresOf } from './figures.ts';
import { depths, gather, sweep } from './gather.ts';
import { canDistil, openAdapted, ownSurrogate } from './stand-ins.ts';
import { verdictOf } from './verdict.ts';

export interface DiagnosisOptions {
  /** As it was audited. */
  readonly classifier: Classifier;
  readonly runtime: Runtime;
  readonly data: AuditData;
  readonly threat: Threat;
  readonly seed?: number;
  /** `quick`: without a surrogate of its own, at most 100 inputs. */
  readonly depth?: keyof typeof depths;
  /** Other models whose gradients are tried; without one a full diagnosis distils its own. */
  readonly surrogates?: readonly Classifier[];
  /** What an audit of the same inputs found; without it, attacks run first. */
  readonly audited?: readonly SampleRecord[];
  readonly signal?: CancelSignal;
  /** Told what is being done, and the share of all that is done: 0 to 1. */
  readonly onProgress?: (stage: string, fraction: number) => void;
}

/** A break that the diagnosis found and the audit had not. */
export interface Discovery {
  readonly index: number;
  readonly method: string;
  readonly broken: Pick<Broken, 'x' | 'distance' | 'prediction'>;
}

export interface Diagnosis {
  /** The ε that its attacks had: rounded up to what float32 counts as the threat's. */
  readonly reach: number;
  readonly masking: MaskingRecord;
  /** False: it was stopped before all of its figures were made. */
  readonly whole: boolean;
  readonly evidence: Evidence;
  readonly discoveries: readonly Discovery[];
  readonly forwards: number;
  readonly gradients: number;
  readonly seconds: number;
}

/** Inputs that are examined at most, spread over the data. */
const MOST = { quick: 100, full: 300 } as const;
/** Of a randomised model, whose every answer is a hundred passes: fewer inputs, and queries of each. */
const RANDOMISED = {
  inputs: 60,
  queries: [50],
  averaged: { steps: 40, draws: 20 },
  chords: { steps: 40, draws: 10 },
};
/** What stands where masking shows is tried once more with means of so many gradients. */
const HARDER = { steps: 60, draws: 32, randomised: 40 };
/** Share of the work that a surrogate of one's own is, and stages besides the curve's radii. */
const [LEARNING, STAGES] = [0.6, 12] as const;

export async function diagnose(options: DiagnosisOptions): Promise<Diagnosis> {
  const begun = Date.now();
  const { classifier: opened, data, seed = 0, depth = 'full', signal, runtime } = options;
  const threat = roundedUp(options.threat);
  const audited = options.audited ?? (await attacked(options));
  const known = new Map(audited.map((sample) => [sample.index, sample]));
  const entries = await cleanEntries(opened, data);
  for (const entry of entries) recall(entry, known.get(entry.index));
  const measured = standingShare(entries, options.threat);
  const ledger = new Ledger(entries, threat, 'float32', opened.model.precision);
  const labels = new Map(entries.map(({ index, label }) => [index, label]));
  const classifier = opened.withLabels(labels);
  const context: AttackContext = { classifier, threat, seed, ...(signal ? { signal } : {}) };
  const right = entries.filter(isRight);
  const isRandom = classifier.model.random.length > 0;
  const examined = spread(right, isRandom ? RANDOMISED.inputs : MOST[depth]);
  const { queries, averaged, chords } = RANDOMISED;
  const effort = isRandom ? { ...depths[depth], queries, averaged, chords } : depths[depth];
  const own: Classifier[] = [];
  const { onProgress } = options;
  try {
    const given = options.surrogates ?? [];
    if (depth === 'full' && given.length === 0 && canDistil(classifier)) {
      const learnt = (share: number) => onProgress?.('surrogate', LEARNING * share);
      learnt(0);
      own.push(await ownSurrogate(context, entries, runtime, learnt));
    }
    const adapted = await openAdapted(classifier, runtime);
    const surrogates = [...given, ...own];
    if (adapted) own.push(adapted);
    const from = surrogates.length > given.length ? LEARNING : 0;
    const stages = depths[depth].radii.length + STAGES;
    let stage = 0;
    const gathering = {
      context,
      ledger,
      entries: examined,
      depth: effort,
      surrogates,
      adapted: adapted && adapted.withLabels(labels),
      onStage: (name: string) => onProgress?.(name, from + ((1 - from) * stage++) / stages),
    };
    const evidence = await gather(gathering);
    const rest = new Set(right);
    for (const entry of examined) rest.delete(entry);
    await sweep(
      gathering,
      [...rest].filter((entry) => stands(entry, threat)),
    );
    if (depth === 'full' && verdictOf(evidence).verdict !== 'none') {
      const draws = isRandom ? HARDER.randomised : HARDER.draws;
      const more = { ...effort, averaged: { steps: HARDER.steps, draws } };
      const harder = { ...gathering, depth: more };
      const standing = right.filter((entry) => stands(entry, threat));
      await sweep(harder, standing);
    }
    onProgress?.('figures', 1);
    const shown = await figuresOf({
      context,
      runtime,
      ledger,
      entries: examined,
      evidence,
      surrogate: surrogates[0] ?? null,
      bounds: depth === 'full',
    });
    return concluded({ ledger, evidence, ...shown, measured, begun });
  } finally {
    for (const each of own) await each.release();
  }
}

/** The attacks of an audit at ε, where nobody has run them. */
async function attacked(options: DiagnosisOptions): Promise<readonly SampleRecord[]> {
  const { classifier, runtime, data, threat, seed = 0, signal } = options;
  const { samples } = await audit({
    model: classifier.model,
    classifier,
    runtime,
    data,
    threat,
    seed,
    radii: false,
    proofs: false,
    ...(signal ? { signal } : {}),
  });
  return samples;
}

/**
 * ε and what float32 rounds off when a perturbation of ε is added to an input: other tools count that as ε, and
 * an accuracy that a step of float32 takes away is not credible. (The verdicts of an audit keep to ε itself.)
 */
function roundedUp(threat: Threat): Threat {
  const { eps, clip, norm, grid } = threat;
  if (!clip || !norm.isBox || norm.counts || grid) return threat;
  return threat.at(eps + 2 ** -24 * Math.max(Math.abs(clip[0]), Math.abs(clip[1])));
}

/** What was known of an entry; its adversarial input stays where it is kept. */
function recall(entry: Entry, sample: SampleRecord | undefined): void {
  if (!sample) return;
  entry.lower = sample.lower;
  entry.lowerMethod = sample.lowerMethod;
  entry.upper = sample.upper;
  entry.upperMethod = sample.upperMethod;
}

const isRight = ({ error, wrong }: Entry): boolean => error === null && !wrong;

/** Of all entries; null where there are none. */
function standingShare(entries: readonly Entry[], threat: Threat): number | null {
  if (entries.length === 0) return null;
  return entries.filter((entry) => isRight(entry) && stands(entry, threat)).length / entries.length;
}

const stands = ({ upper }: Entry, { eps }: Threat): boolean => upper === null || upper > eps;

/** At most so many of the entries, evenly spread. */
function spread(entries: readonly Entry[], most: number): Entry[] {
  const stride = Math.max(1, entries.length / most);
  return Array.from({ length: Math.min(most, entries.length) }, (_, i) =>
    Math.floor(i * stride),
  ).flatMap((place) => entries[place] ?? []);
}

interface Concluding extends Figures {
  readonly ledger: Ledger;
  readonly evidence: Evidence;
  /** What stood before. */
  readonly measured: number | null;
  readonly begun: number;
}

function concluded({ ledger, evidence, figures, whole, measured, begun }: Concluding): Diagnosis {
  const { entries, threat } = ledger;
  const right = entries.filter(isRight).length;
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  const { broken } = evidence.trials.iterated;
  const missed = share(broken.filter((own) => !own).length, broken.length);
  const methods = ledger.methods();
  const spent = (of: 'forwards' | 'gradients'): number =>
    methods.reduce((sum, method) => sum + method[of], 0);
  return {
    reach: threat.eps,
    masking: {
      ...verdictOf(evidence),
      credibleUpper: standingShare(entries, threat),
      measuredUpper: measured,
      gradientUpper: entries.length === 0 ? null : (missed * right) / entries.length,
      figures,
    },
    whole,
    evidence,
    discoveries: entries.flatMap((entry) => discovery(entry) ?? []),
    forwards: spent('forwards'),
    gradients: spent('gradients'),
    seconds: (Date.now() - begun) / 1000,
  };
}

function discovery(entry: Entry): Discovery | null {
  const { index, adversarial, upper, upperMethod, adversarialPrediction } = entry;
  if (!adversarial || upper === null || upperMethod === null) return null;
  const prediction = adversarialPrediction ?? -1;
  return { index, method: upperMethod, broken: { x: adversarial, distance: upper, prediction } };
}
