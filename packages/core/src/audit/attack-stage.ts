/** Runs one attack on ledger entries at given radii and enters what the original file confirms. */
import {
  type Attack,
  type AttackContext,
  type AttackOutcome,
  emptyOutcome,
} from '../attacks/attack.ts';
import { Stopped } from '../runtime/cancel.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Rows } from '../threats/ball.ts';
import type { Entry, Ledger } from './ledger.ts';
import { judgeCandidates } from './judge.ts';

export function rowsOf(
  { sampleSize: size, kept }: Classifier,
  entries: readonly Entry[],
  radii: Float64Array,
  starts?: Float32Array,
): Rows {
  const x = new Float32Array(entries.length * size);
  entries.forEach((entry, i) => x.set(entry.x, i * size));
  return {
    count: entries.length,
    x,
    labels: Int32Array.from(entries, ({ label }) => kept(label)),
    radii,
    streams: entries.map(({ index }) => index),
    ...(starts ? { starts } : {}),
  };
}

export interface StageOptions {
  readonly attack: Attack;
  readonly radii: Float64Array;
  readonly starts?: Float32Array;
  /** Named so in the ledger. */
  readonly method: string;
  /** False: an input that it does not break has not withstood its radius yet. */
  readonly decides?: boolean;
}

/** The attack's outcome, or what it had found when it was stopped. */
async function runUntilStopped(
  attack: Attack,
  context: AttackContext,
  rows: Rows,
): Promise<{ outcome: AttackOutcome; whole: boolean }> {
  const outcome = emptyOutcome(rows, context);
  try {
    return { outcome: await attack.run(context, rows, outcome), whole: true };
  } catch (error) {
    if (error instanceof Stopped) return { outcome, whole: false };
    throw error;
  }
}

/**
 * Returns which entries were broken at their radius. Noise is noted beside the bracket too: a random
 * perturbation that breaks the model is an upper bound like any other.
 */
export async function attackStage(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
  { attack, radii, starts, method, decides = true }: StageOptions,
): Promise<boolean[]> {
  if (entries.length === 0) return [];
  const { classifier, threat } = context;
  const begun = Date.now();
  const rows = rowsOf(classifier, entries, radii, starts);
  const before = spentOn(entries);
  const { outcome, whole } = await runUntilStopped(attack, context, rows);
  const { best } = outcome;
  const bySlope = attack.side === 'attack';
  const verdicts = await judgeCandidates(classifier, threat, entries, best, radii, bySlope);
  let decided = 0;
  entries.forEach((entry, i) => {
    const margins = outcome.trace?.current(i) ?? [];
    if (margins.length > 0) {
      const radius = radii[i] ?? 0;
      ledger.traces.push({
        index: entry.index,
        method,
        radius,
        margins: Float32Array.from(margins),
      });
    }
    entry.forwards += outcome.forwards[i] ?? 0;
    entry.gradients += outcome.gradients[i] ?? 0;
    const found = verdicts[i];
    if (!found) {
      const isKnownBroken = (entry.upper ?? Infinity) <= (radii[i] ?? 0);
      if (whole && decides && !isKnownBroken) withstand(entry, radii[i] ?? 0);
    } else {
      decided++;
      ledger.broken(entry, found, attack.id);
    }
  });
  const seconds = (Date.now() - begun) / 1000;
  const after = spentOn(entries);
  ledger.charge(method, attack.side, entries, {
    forwards: after.forwards - before.forwards,
    gradients: after.gradients - before.gradients,
    seconds,
    decided,
  });
  return verdicts.map((found) => found !== null);
}

/** Notes that attacks were tried at a radius and failed. */
export function withstand(entry: Entry, radius: number): void {
  entry.withstood = Math.max(entry.withstood, radius);
}

/** The counts include what judging took: in eight bits more than one answer. */
function spentOn(entries: readonly Entry[]): { forwards: number; gradients: number } {
  const sum = (of: (entry: Entry) => number) => entries.reduce((all, entry) => all + of(entry), 0);
  return { forwards: sum((entry) => entry.forwards), gradients: sum((entry) => entry.gradients) };
}
