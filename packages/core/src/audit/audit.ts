/**
 * The main job: brackets the robustness margin of every input from both sides. Inputs go through the
 * plan in blocks; each stage is asked only about what is still open and writes into the ledger, the
 * only thing that changes. What runs is decided by counts, never by measured time (a deadline
 * excepted), so the same seed and options give the same result whatever the blocks and workers.
 */
import type { AttackContext } from '../attacks/attack.ts';
import { jumpProgram } from '../attacks/programs.ts';
import type { Model } from '../onnx/read.ts';
import type { CancelSignal } from '../runtime/cancel.ts';
import { answerFor, type Classifier, openClassifier, scoreMargin } from '../runtime/classifier.ts';
import { runRows } from '../runtime/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { rowSize, type Tensor } from '../tensor/tensor.ts';
import { ballFeeds } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import { attackStage, rowsOf } from './attack-stage.ts';
import { type Entry, Ledger, newEntry } from './ledger.ts';
import { certifyAtEps, searchLowerRadius } from './lower-radius.ts';
import { defaultPlan, type Plan } from './plan.ts';
import type { MethodRecord, SampleRecord, Semantics } from './run.ts';
import { searchUpperRadius } from './upper-radius.ts';

export interface AuditData {
  /** [samples, …], shaped as the model's input. */
  readonly x: Tensor<'float32'>;
  /** One class a sample; absent: the model's own answers. */
  readonly y?: ArrayLike<number> | null;
  /** Index of each sample in the user's data: its name in the result and its random stream. */
  readonly indices?: readonly number[];
}

export interface AuditProgress {
  readonly stage: string;
  /** Inputs finished, of all. */
  readonly done: number;
  readonly total: number;
  /** Share of the whole work done, by the plan's own counts: 0 to 1. */
  readonly fraction: number;
}

export interface AuditOptions {
  readonly model: Model;
  readonly data: AuditData;
  readonly threat: Threat;
  readonly runtime: Runtime;
  readonly semantics?: Semantics;
  readonly seed?: number;
  readonly plan?: Plan;
  /** False: only verdicts at ε, no search for the radii of either side. */
  readonly radii?: boolean;
  /** False: the attack side alone. */
  readonly proofs?: boolean;
  /** The model opened beforehand; it stays open. */
  readonly classifier?: Classifier;
  readonly signal?: CancelSignal;
  /** Milliseconds since the epoch after which nothing new is begun. */
  readonly deadline?: number;
  readonly onProgress?: (progress: AuditProgress) => void;
  /** Called with each block of finished inputs. */
  readonly onSamples?: (finished: AuditPart) => void;
}

/** The result for some of the inputs; parts of one audit can be joined (joinParts). */
export interface AuditPart {
  readonly samples: readonly SampleRecord[];
  /** The nearest adversarial input found for each sample, or null. */
  readonly adversarial: readonly (Float32Array | null)[];
  readonly methods: readonly MethodRecord[];
  readonly notes: readonly string[];
  readonly seconds: Readonly<Record<string, number>>;
}

/** Inputs taken through the plan together. */
const BLOCK = 64;

const stages = ['clean', 'noise', 'attack', 'prove', 'upper radius', 'lower radius'] as const;
type Stage = (typeof stages)[number];
/** Rough share of the work a stage is, for progress only. */
const weights: Readonly<Record<Stage, number>> = {
  clean: 0.02,
  noise: 0.08,
  attack: 0.3,
  prove: 0.05,
  'upper radius': 0.45,
  'lower radius': 0.1,
};

interface Job {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly outOfTime: () => boolean;
}

async function cleanStage({ context, ledger }: Job): Promise<Entry[]> {
  const { classifier } = context;
  const size = classifier.sampleSize;
  const x = new Float32Array(ledger.entries.length * size);
  ledger.entries.forEach((entry, i) => x.set(entry.x, i * size));
  const { scores } = await classifier.judge(x, ledger.entries.length);
  const open: Entry[] = [];
  ledger.entries.forEach((entry, i) => {
    entry.forwards++;
    if (!entry.x.every(Number.isFinite)) {
      entry.error = 'the input holds a value that is not a finite number';
      return;
    }
    // Ties count as broken: an answer that is not strictly ahead is its rival's.
    entry.prediction = answerFor(scores, i, classifier.classes, entry.label);
    if (entry.prediction < 0) {
      entry.error = 'the model gives a score that is not a finite number';
      return;
    }
    entry.margin = scoreMargin(scores, i, classifier.classes, entry.label);
    if (entry.prediction === entry.label) open.push(entry);
  });
  return open;
}

/** |margin| / ‖∇margin‖ in the dual norm: where the margin would vanish if it were linear. */
async function estimateStage({ context }: Job, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const { classifier, threat, signal } = context;
  const rows = rowsOf(
    entries,
    new Float64Array(entries.length).fill(threat.eps),
    classifier.sampleSize,
  );
  const program = await jumpProgram(classifier, threat, 'margin');
  const feeds = {
    ...ballFeeds(context, rows, 'inward'),
    x: { data: rows.x, shape: classifier.sampleShape },
  };
  const { margin, slope } = await runRows(classifier, program, feeds, rows.count, signal);
  entries.forEach((entry, i) => {
    entry.gradients++;
    const estimate = Math.abs(margin?.[i] ?? Number.NaN) / (slope?.[i] ?? 0);
    entry.estimate = Number.isFinite(estimate) ? estimate : null;
  });
}

async function noiseStage(
  { context, ledger, plan }: Job,
  entries: readonly Entry[],
): Promise<void> {
  if (!plan.noise) return;
  const radii = new Float64Array(entries.length).fill(context.threat.eps);
  const options = { attack: plan.noise, radii, method: plan.noise.id };
  const broken = await attackStage(context, ledger, entries, options);
  entries.forEach((entry, i) => {
    entry.noiseBroken = broken[i] ?? false;
    entry.withstood = 0;
  });
  ledger.standing(plan.noise.id, broken.filter((flag) => !flag).length);
}

async function attackStages(
  { context, ledger, plan, outOfTime }: Job,
  entries: readonly Entry[],
): Promise<void> {
  const { eps } = context.threat;
  // Noise is a yardstick: what it broke is still shown to the first attack.
  let open = [...entries];
  for (const attack of plan.attacks) {
    if (outOfTime()) return;
    const radii = new Float64Array(open.length).fill(eps);
    const broken = await attackStage(context, ledger, open, { attack, radii, method: attack.id });
    open = open.filter(
      (entry, i) => broken[i] !== true && !(entry.upper !== null && entry.upper <= eps),
    );
    ledger.standing(attack.id, open.length);
  }
}

function entriesOf(options: AuditOptions, start: number, end: number): Entry[] {
  const { x, y, indices } = options.data;
  const size = rowSize(x);
  return Array.from({ length: end - start }, (_, i) => {
    const row = start + i;
    const sample = x.data.slice(row * size, (row + 1) * size);
    return newEntry(indices?.[row] ?? row, y ? Number(y[row]) : -1, sample);
  });
}

async function auditBlock(
  job: Job,
  labelled: boolean,
  { radii = true, proofs = true }: AuditOptions,
  enter: (stage: Stage) => void,
): Promise<void> {
  const { context, ledger, plan, outOfTime } = job;
  enter('clean');
  if (!labelled) await adoptAnswers(job);
  const open = await cleanStage(job);
  await estimateStage(job, open);
  enter('noise');
  await noiseStage(job, open);
  enter('attack');
  await attackStages(job, open);
  if (proofs) enter('prove');
  if (proofs && !outOfTime()) await certifyAtEps(context, ledger, open);
  if (radii) {
    enter('upper radius');
    await searchUpperRadius(context, ledger, open, plan, outOfTime);
    if (proofs) enter('lower radius');
    if (proofs) await searchLowerRadius(context, ledger, open, outOfTime);
  }
  if (outOfTime()) for (const entry of open) entry.timedOut = true;
}

/** Without labels the model's own answers are what must not change. */
async function adoptAnswers({ context, ledger }: Job): Promise<void> {
  const { classifier } = context;
  const x = new Float32Array(ledger.entries.length * classifier.sampleSize);
  ledger.entries.forEach((entry, i) => x.set(entry.x, i * classifier.sampleSize));
  const { predictions } = await classifier.judge(x, ledger.entries.length);
  ledger.entries.forEach((entry, i) => (entry.label = predictions[i] ?? -1));
}

/**
 * Audits every sample. Stops with what is finished when the signal is aborted or the deadline has
 * passed; rows it did not begin are absent from the result.
 */
export async function audit(options: AuditOptions): Promise<AuditPart> {
  if (options.classifier) return auditWith(options.classifier, options);
  const classifier = await openClassifier(options.model, options.runtime);
  try {
    return await auditWith(classifier, options);
  } finally {
    await classifier.release();
  }
}

async function auditWith(classifier: Classifier, options: AuditOptions): Promise<AuditPart> {
  const { threat, seed = 0, semantics = 'float32', signal, deadline } = options;
  const total = options.data.x.shape[0] ?? 0;
  const outOfTime = (): boolean => deadline !== undefined && Date.now() > deadline;
  const parts: AuditPart[] = [];
  for (let start = 0; start < total; start += BLOCK) {
    if (signal?.aborted || (outOfTime() && start > 0)) break;
    const end = Math.min(total, start + BLOCK);
    const entries = entriesOf(options, start, end);
    const ledger = new Ledger(entries, threat, semantics);
    const context = { classifier, threat, seed, ...(signal ? { signal } : {}) };
    const clock = new StageClock((stage, before) => {
      const fraction = (start + before * (end - start)) / total;
      options.onProgress?.({ stage, done: start, total, fraction });
    });
    const job = { context, ledger, plan: options.plan ?? defaultPlan(), outOfTime };
    try {
      await auditBlock(job, Boolean(options.data.y), options, clock.enter);
    } catch (error) {
      if (signal?.aborted) break;
      throw error;
    }
    const part = {
      samples: ledger.records(),
      adversarial: entries.map(({ adversarial }) => adversarial),
      methods: ledger.methods(),
      notes: [...classifier.notes, ...ledger.notes],
      seconds: clock.end(),
    };
    parts.push(part);
    options.onSamples?.(part);
    options.onProgress?.({ stage: 'done', done: end, total, fraction: end / total });
  }
  return joinParts(parts);
}

class StageClock {
  private readonly seconds: Record<string, number> = {};
  private readonly entered: (stage: Stage, shareBefore: number) => void;
  private stage: Stage | null = null;
  private since = Date.now();

  constructor(entered: (stage: Stage, shareBefore: number) => void) {
    this.entered = entered;
  }

  readonly enter = (stage: Stage): void => {
    this.close();
    this.stage = stage;
    const before = stages.slice(0, stages.indexOf(stage));
    this.entered(
      stage,
      before.reduce((sum, name) => sum + weights[name], 0),
    );
  };

  private close(): void {
    const now = Date.now();
    if (this.stage) {
      this.seconds[this.stage] = (this.seconds[this.stage] ?? 0) + (now - this.since) / 1000;
    }
    this.since = now;
  }

  end(): Readonly<Record<string, number>> {
    this.close();
    this.stage = null;
    return this.seconds;
  }
}

/** Parts of one audit as one, samples ordered by index. */
export function joinParts(parts: readonly AuditPart[]): AuditPart {
  const rows = parts.flatMap((part) =>
    part.samples.map((sample, i) => ({ sample, adversarial: part.adversarial[i] ?? null })),
  );
  rows.sort((a, b) => a.sample.index - b.sample.index);
  const seconds: Record<string, number> = {};
  for (const part of parts) {
    for (const [stage, value] of Object.entries(part.seconds)) {
      seconds[stage] = (seconds[stage] ?? 0) + value;
    }
  }
  return {
    samples: rows.map(({ sample }) => sample),
    adversarial: rows.map(({ adversarial }) => adversarial),
    methods: joinMethods(parts),
    notes: [...new Set(parts.flatMap(({ notes }) => notes))],
    seconds,
  };
}

function joinMethods(parts: readonly AuditPart[]): MethodRecord[] {
  const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  const joined = new Map<string, MethodRecord>();
  for (const { methods, samples } of parts) {
    for (const method of methods) {
      const share = samples.length / Math.max(1, total);
      const accuracy = method.accuracy === null ? null : method.accuracy * share;
      const other = joined.get(method.id);
      joined.set(method.id, {
        ...method,
        asked: method.asked + (other?.asked ?? 0),
        decided: method.decided + (other?.decided ?? 0),
        forwards: method.forwards + (other?.forwards ?? 0),
        gradients: method.gradients + (other?.gradients ?? 0),
        seconds: method.seconds + (other?.seconds ?? 0),
        accuracy: accuracy === null ? null : accuracy + (other?.accuracy ?? 0),
      });
    }
  }
  return [...joined.values()];
}
