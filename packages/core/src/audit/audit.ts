/**
 * The main job: brackets the robustness margin of every input from both sides. Inputs go through the
 * plan in blocks; each stage is asked only about what is still open and writes into the ledger, the
 * only thing that changes. What runs is decided by counts, never by measured time (a deadline
 * excepted), so the same seed and options give the same result whatever the blocks and workers.
 */
import type { Model } from '../onnx/read.ts';
import { requireProvable } from '../bounds/provable.ts';
import { type CancelSignal, Stopped, stopSignal } from '../runtime/cancel.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { targetOf } from '../runtime/criteria/target.ts';
import { openClassifier } from '../runtime/open-classifier.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { rowSize } from '../tensor/tensor.ts';
import type { Threat } from '../threats/threat.ts';
import { type Stage, StageClock } from './clock.ts';
import { exactStage } from './exact-radius.ts';
import { type Entry, Ledger, newEntry, restore } from './ledger.ts';
import type { Job } from './job.ts';
import { certifyAtEps, searchLowerRadius } from './lower-radius.ts';
import { type AuditPart, goneOn, joinParts } from './part.ts';
import { defaultPlan, type Plan } from './plan.ts';
import type { Criterion, Semantics } from './run.ts';
import type { AuditData } from './data.ts';
import { splitAtEps, splitRadii } from './split-stage.ts';
import { attackStages, cleanStage, estimateStage, labelsOf, noiseStage } from './stages.ts';
import { searchUpperRadius } from './upper-radius.ts';

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
  /** What counts as broken; by default a wrong class. A classifier that is given has its own. */
  readonly criterion?: Criterion;
  readonly seed?: number;
  readonly plan?: Plan;
  /** False: only verdicts at ε, no search for the radii of either side. */
  readonly radii?: boolean;
  /** False: the attack side alone. */
  readonly proofs?: boolean;
  /** Whether the margins that attacks see are kept, step by step; takes memory. */
  readonly trace?: boolean;
  /** How hard branch and bound tries at ε, from 0; by default as hard as the plan says, at once. */
  readonly effort?: number;
  /** What a lesser effort found for the same inputs: only what it left open is gone on with. */
  readonly before?: AuditPart;
  /** The model opened beforehand; it stays open. */
  readonly classifier?: Classifier;
  readonly signal?: CancelSignal;
  /** Milliseconds since the epoch (or in units of `now`) after which no evaluation is begun. */
  readonly deadline?: number;
  /** The clock that the deadline goes by. */
  readonly now?: () => number;
  readonly onProgress?: (progress: AuditProgress) => void;
  /** Called with each block of finished inputs. */
  readonly onSamples?: (finished: AuditPart) => void;
}

/** Inputs taken through the plan together. */
const BLOCK = 64;

function entriesOf(
  { x, indices }: AuditData,
  { labels, criterion }: Classifier,
  start: number,
  end: number,
) {
  const size = rowSize(x);
  return Array.from({ length: end - start }, (_, i): Entry => {
    const row = start + i;
    const sample = x.data.slice(row * size, (row + 1) * size);
    const index = indices?.[row] ?? row;
    return newEntry(index, labels.get(index) ?? -1, sample, targetOf(criterion, index));
  });
}

/** Whether all was done that was asked for. */
async function auditBlock(
  job: Job,
  options: AuditOptions,
  enter: (stage: Stage) => void,
): Promise<boolean> {
  const isNew = options.before === undefined;
  if (isNew) enter('clean');
  const open = isNew ? await cleanStage(job) : leftOpen(job);
  let isDone = true;
  try {
    isDone = await (isNew ? bracket : split)(job, open, options, enter);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  const inTime = !job.outOfTime();
  if (!inTime) for (const entry of open) entry.timedOut = true;
  return inTime && isDone;
}

/** What an earlier effort did not decide. */
function leftOpen({ ledger }: Job): Entry[] {
  return ledger.entries.filter((entry) => ledger.verdict(entry) === 'unknown');
}

/** Whether a greater effort has nothing to add. */
async function split(
  { context, ledger, plan, outOfTime }: Job,
  unbroken: readonly Entry[],
  { effort = Infinity }: AuditOptions,
  enter: (stage: Stage) => void,
): Promise<boolean> {
  if (!plan.split || outOfTime()) return true;
  enter('split');
  return !(await splitAtEps(context, ledger, unbroken, { plan: plan.split, outOfTime, effort }));
}

async function bracket(
  job: Job,
  open: Entry[],
  options: AuditOptions,
  enter: (stage: Stage) => void,
): Promise<boolean> {
  const { radii = true, proofs = true } = options;
  const { context, ledger, plan, outOfTime } = job;
  if (plan.attacks.length > 0) await estimateStage(job, open);
  enter('noise');
  await noiseStage(job, open);
  enter('attack');
  const [cheap, dear] = [plan.attacks.slice(0, plan.cheap), plan.attacks.slice(plan.cheap)];
  const standing = await attackStages(job, open, cheap);
  if (proofs) enter('prove');
  const { eps } = context.threat;
  const asked = proofs && eps > 0 && !outOfTime();
  if (asked) await certifyAtEps(context, ledger, standing, plan.proofs);
  if (proofs && plan.exact && !radii) {
    const undecided = standing.filter(({ lower }) => (lower ?? -1) < eps);
    await exactStage(context, ledger, undecided, { plan: plan.exact, radii, outOfTime });
  }
  enter('strong attack');
  const undecided = standing.filter(({ lower }) => (lower ?? -1) < eps);
  const unbroken = await attackStages(job, undecided, dear, standing.length - undecided.length);
  // Radii are searched in the same go.
  const how = radii ? { ...options, effort: Infinity } : options;
  const isDone = !asked || (await split(job, unbroken, how, enter));
  if (!radii) {
    if (asked) for (const entry of standing) entry.lower ??= 0;
    return isDone;
  }
  if (plan.search.length > 0) {
    enter('upper radius');
    await searchUpperRadius(job, open);
  }
  if (proofs) enter('lower radius');
  if (proofs) await searchLowerRadius(context, ledger, open, { ...plan, outOfTime });
  if (proofs && plan.split) {
    await splitRadii(context, ledger, open, { plan: plan.split, outOfTime });
  }
  if (proofs && plan.exact) {
    await exactStage(context, ledger, open, { plan: plan.exact, radii, outOfTime });
  }
  return true;
}

/**
 * Audits every sample. Stops between two evaluations when the signal is aborted or the deadline has
 * passed: what was found is kept, undecided rows are `timeout`, and rows it did not begin are absent.
 */
export async function audit(options: AuditOptions): Promise<AuditPart> {
  // A randomised model is searched alone: no radius is safe in every pass. So is one that is not read
  // exactly.
  const { random, rounded } = options.model;
  const wanted = (options.proofs ?? true) && random.length === 0 && !rounded;
  if (wanted) requireProvable(options.model, options.semantics ?? 'float32');
  const { criterion } = options;
  const given = options.classifier;
  if (given) return auditWith(given, { ...options, proofs: wanted && given.provable });
  const classifier = await openClassifier(options.model, options.runtime, {
    ...(criterion && { criterion }),
  });
  try {
    return await auditWith(classifier, { ...options, proofs: wanted && classifier.provable });
  } finally {
    await classifier.release();
  }
}

async function auditWith(opened: Classifier, options: AuditOptions): Promise<AuditPart> {
  const { threat, seed = 0, semantics = 'float32', trace = false, signal, deadline } = options;
  const total = options.data.x.shape[0] ?? 0;
  const classifier = opened.withLabels(await labelsOf(opened, options.data));
  const stop = stopSignal({ signal, deadline, now: options.now ?? Date.now });
  const outOfTime = (): boolean => stop.aborted;
  const parts: AuditPart[] = [];
  const { before } = options;
  const earlier = new Map(
    before?.samples.map((sample, i) => [
      sample.index,
      [sample, before.adversarial[i] ?? null] as const,
    ]),
  );
  for (let start = 0; start < total; start += BLOCK) {
    if (outOfTime() && start > 0) break;
    const end = Math.min(total, start + BLOCK);
    const entries = entriesOf(options.data, classifier, start, end);
    const ledger = new Ledger(entries, threat, semantics, options.model.precision);
    for (const entry of entries) {
      const record = earlier.get(entry.index);
      if (record) restore(entry, ...record);
    }
    const context = { classifier, threat, seed, trace, signal: stop };
    const clock = new StageClock((stage, shareBefore) => {
      const fraction = (start + shareBefore * (end - start)) / total;
      options.onProgress?.({ stage, done: start, total, fraction });
    });
    const job = { context, ledger, plan: options.plan ?? defaultPlan(), outOfTime };
    const whole = await auditBlock(job, options, clock.enter);
    const part = {
      samples: ledger.records(),
      whole,
      adversarial: entries.map(({ adversarial }) => adversarial),
      methods: ledger.methods(),
      notes: [...classifier.notes, ...ledger.notes],
      ...(trace ? { traces: ledger.traces } : {}),
      seconds: clock.end(),
    };
    parts.push(part);
    options.onSamples?.(part);
    options.onProgress?.({ stage: 'done', done: end, total, fraction: end / total });
  }
  const own = joinParts(parts);
  const joined = before ? goneOn(before, own) : own;
  return { ...joined, whole: joined.whole && joined.samples.length === total };
}
