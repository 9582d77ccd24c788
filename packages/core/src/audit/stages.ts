/** The stages before the radius searches: clean answers, the estimate, noise, attacks at the run's ε. */
import type { Attack, AttackContext } from '../attacks/attack.ts';
import { jumpProgram } from '../attacks/programs.ts';
import { answerFor, type Judgement, scoreMargin } from '../runtime/judgement.ts';
import { runRows } from '../runtime/rows.ts';
import { ballFeeds } from '../threats/ball.ts';
import { attackStage, rowsOf } from './attack-stage.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Plan } from './plan.ts';
import { within } from './upper-radius.ts';

/** What every stage works with. */
export interface Job {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly outOfTime: () => boolean;
}

function cleanJudgement({ classifier }: AttackContext, { entries }: Ledger): Promise<Judgement> {
  const x = new Float32Array(entries.length * classifier.sampleSize);
  entries.forEach((entry, i) => x.set(entry.x, i * classifier.sampleSize));
  return classifier.judge(
    x,
    entries.map(({ index }) => index),
  );
}

export async function cleanStage({ context, ledger }: Job): Promise<Entry[]> {
  const judgement = await cleanJudgement(context, ledger);
  const open: Entry[] = [];
  ledger.entries.forEach((entry, i) => {
    entry.forwards++;
    if (!entry.x.every(Number.isFinite)) {
      entry.error = 'the input holds a value that is not a finite number';
      return;
    }
    // Ties count as broken: an answer that is not strictly ahead is its rival's.
    entry.prediction = answerFor(judgement, i, entry.label);
    if (entry.prediction < 0) {
      entry.error = 'the model gives a score that is not a finite number';
      return;
    }
    entry.margin = scoreMargin(judgement, i, entry.label);
    if (entry.prediction === entry.label) open.push(entry);
  });
  return open;
}

/** |margin| / ‖∇margin‖ in the dual norm: where the margin would vanish if it were linear. */
export async function estimateStage({ context }: Job, entries: readonly Entry[]): Promise<void> {
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

export async function noiseStage(
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
  // Noise is a yardstick: what it broke is still shown to the first attack.
  let open = [...entries];
  for (const attack of attacks) {
    if (outOfTime() || open.length + safe === 0) return open;
    if (attack.refusal?.(context)) continue;
    const radii = Float64Array.from(open, (entry) =>
      attack.aim === 'nearest' ? within(context, entry) : eps,
    );
    const before = open.map(({ withstood }) => withstood);
    const broken = await attackStage(context, ledger, open, { attack, radii, method: attack.id });
    if (attack.aim === 'nearest') {
      open.forEach((entry, i) => (entry.withstood = before[i] ?? 0));
    }
    open = open.filter((entry, i) => {
      const atEps = attack.aim === 'ball' && broken[i] === true;
      return !atEps && !(entry.upper !== null && entry.upper <= eps);
    });
    ledger.standing(attack.id, open.length + safe);
  }
  return open;
}

/** Without labels the model's own answers are what must not change. */
export async function adoptAnswers({ context, ledger }: Job): Promise<void> {
  const { predictions } = await cleanJudgement(context, ledger);
  ledger.entries.forEach((entry, i) => (entry.label = predictions[i] ?? -1));
}
