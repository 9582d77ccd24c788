/** The stages before the radius searches: clean answers, the estimate, noise, attacks at the run's ε. */
import type { Attack } from '../attacks/attack.ts';
import { jumpProgram } from '../attacks/programs.ts';
import type { Classifier } from '../runtime/classifier.ts';
import {
  answerFor,
  type Judgement,
  ownAnswer,
  scoreMargin,
  shownAnswer,
} from '../runtime/judgement.ts';
import { targetOf } from '../runtime/criteria/target.ts';
import type { Labels } from '../runtime/judge.ts';
import { runRows } from '../runtime/rows.ts';
import { row } from '../tensor/tensor.ts';
import { ballFeeds } from '../threats/ball.ts';
import { attackStage, rowsOf } from './attack-stage.ts';
import type { AuditData } from './data.ts';
import { type Entry, newEntry } from './ledger.ts';
import type { Job } from './job.ts';
import { within } from './upper-radius.ts';

/** Labels by index; without given ones the model's own answers, which are what must not change. */
export async function labelsOf(classifier: Classifier, data: AuditData): Promise<Labels> {
  const count = data.x.shape[0] ?? 0;
  const indices = Array.from({ length: count }, (_, i) => data.indices?.[i] ?? i);
  const { y } = data;
  // A regression's targets are the float32 numbers that programs see: what is judged is what is told.
  const asSeen = classifier.criterion.kind === 'error' ? Math.fround : Number;
  if (y) return new Map(indices.map((index, i) => [index, asSeen(Number(y[i]))]));
  const judgement = await classifier.judge(data.x.data, indices);
  return new Map(indices.map((index, i) => [index, asSeen(ownAnswer(judgement, i))]));
}

/** Entries of data with what the original file answers to each, and nothing else known. */
export async function cleanEntries(opened: Classifier, data: AuditData): Promise<Entry[]> {
  const labels = await labelsOf(opened, data);
  const classifier = opened.withLabels(labels);
  const indices = data.indices ?? [...labels.keys()];
  const judgement = await classifier.judge(data.x.data, indices);
  return indices.map((index, i) => {
    const target = targetOf(classifier.criterion, index);
    const entry = newEntry(index, labels.get(index) ?? -1, row(data.x, i).slice(), target);
    entry.forwards++;
    enterClean(classifier, entry, judgement, i);
    return entry;
  });
}

export async function cleanStage({ context, ledger }: Job): Promise<Entry[]> {
  const { classifier } = context;
  const x = new Float32Array(ledger.entries.length * classifier.sampleSize);
  ledger.entries.forEach((entry, i) => x.set(entry.x, i * classifier.sampleSize));
  const streams = ledger.entries.map(({ index }) => index);
  const judgement = await classifier.judge(x, streams);
  const open: Entry[] = [];
  ledger.entries.forEach((entry, i) => {
    entry.forwards++;
    if (!entry.x.every(Number.isFinite)) {
      entry.error = 'the input holds a value that is not a finite number';
      return;
    }
    enterClean(classifier, entry, judgement, i);
    if (entry.error === null && !entry.wrong) open.push(entry);
  });
  return open;
}

/** Notes what the original file answers to an entry's own input. */
function enterClean(
  { kept, mistaken }: Classifier,
  entry: Entry,
  judgement: Judgement,
  place: number,
): void {
  const own = kept(entry.label);
  // Ties count as broken: an answer that is not strictly ahead is its rival's.
  const ahead = answerFor(judgement, place, own);
  entry.prediction = shownAnswer(judgement, place, own);
  if (ahead < 0) {
    entry.error = 'the model gives a score that is not a finite number';
    return;
  }
  entry.margin = scoreMargin(judgement, place, own);
  entry.wrong = ahead !== own || mistaken(entry.prediction, entry.label);
}

/** |margin| / ‖∇margin‖ in the dual norm: where the margin would vanish if it were linear. */
export async function estimateStage(
  { context, ledger }: Job,
  entries: readonly Entry[],
): Promise<void> {
  if (entries.length === 0) return;
  const { classifier, threat, signal } = context;
  const radii = new Float64Array(entries.length).fill(threat.eps);
  const rows = rowsOf(classifier, entries, radii);
  const program = await jumpProgram(classifier, threat, 'margin');
  const feeds = {
    ...ballFeeds(context, rows, 'inward'),
    x: { data: rows.x, shape: classifier.sampleShape },
  };
  const { margin, slope } = await runRows(classifier, program, feeds, rows.count, signal);
  const steepness = entries.map((_, i) => slope?.[i] ?? Number.NaN);
  const without = steepness.filter((length) => !Number.isFinite(length)).length;
  if (without > 0) {
    ledger.notes.add(
      `The gradient is not finite at ${without} of ${entries.length} inputs: attacks by gradients see nothing there, and what withstood them may be weaker than it looks.`,
    );
  }
  entries.forEach((entry, i) => {
    entry.gradients++;
    const estimate = Math.abs(margin?.[i] ?? Number.NaN) / (slope?.[i] ?? 0);
    entry.estimate = Number.isFinite(estimate) ? estimate : null;
  });
}

export async function noiseStage(
  { context, ledger, plan }: Job,
  entries: readonly Entry[],
): Promise<void> {
  if (!plan.noise) return;
  const radii = new Float64Array(entries.length).fill(context.threat.eps);
  const options = { attack: plan.noise, radii, method: plan.noise.id, decides: false };
  const broken = await attackStage(context, ledger, entries, options);
  entries.forEach((entry, i) => {
    entry.noiseBroken = broken[i] ?? false;
  });
  ledger.standing(plan.noise.id, broken.filter((flag) => !flag).length);
}

/**
 * Attacks in order, each on what the ones before it left standing; returns that. `safe`: how many other
 * inputs are proven, and stand as well.
 */
export async function attackStages(
  { context, ledger, outOfTime }: Job,
  entries: readonly Entry[],
  attacks: readonly Attack[],
  safe = 0,
): Promise<Entry[]> {
  const { eps } = context.threat;
  const stands = ({ upper }: Entry): boolean => upper === null || upper > eps;
  // What noise broke is broken: an attack at ε would find it no nearer, a search for radii will.
  let open = entries.filter(stands);
  for (const attack of attacks) {
    if (outOfTime() || open.length + safe === 0) return open;
    if (attack.refusal?.(context)) continue;
    const decides = attack.aim === 'ball';
    const radii = Float64Array.from(open, (entry) => (decides ? eps : within(context, entry)));
    await attackStage(context, ledger, open, { attack, radii, method: attack.id, decides });
    open = open.filter(stands);
    ledger.standing(attack.id, open.length + safe);
  }
  return open;
}
