/**
 * A run, counted: how many inputs were examined, are right, fall to noise, fall to an attack, are
 * proven, and are still open. `null` means that side was not run.
 */
import type { Run, SampleRecord } from '@glacis/core';

export interface Tally {
  readonly total: number;
  readonly correct: number;
  readonly misclassified: number;
  readonly noise: number | null;
  readonly attacked: number | null;
  readonly proven: number | null;
  /** Right, not broken, not proven: unknown and timeout together. */
  readonly open: number;
}

export function isCorrect(sample: SampleRecord): boolean {
  return sample.verdict !== 'misclassified' && sample.verdict !== 'error';
}

/** What can be believed under attack when masking is confirmed; null: what was measured stands. */
export function credibleUpper({ masking }: Run): number | null {
  return masking?.verdict === 'confirmed' ? masking.credibleUpper : null;
}

export function tally(run: Run): Tally {
  const { certified, falsified, unknown, timeout, error, misclassified } = run.verdicts;
  const open = unknown + timeout;
  const correct = certified + falsified + open;
  const fallen = run.samples.filter((sample) => isCorrect(sample) && sample.noiseBroken === true);
  return {
    total: correct + misclassified + error,
    correct,
    misclassified,
    noise: run.accuracy.noise === null ? null : fallen.length,
    attacked: run.accuracy.robustUpper === null ? null : falsified,
    proven: run.accuracy.certifiedLower === null ? null : certified,
    open,
  };
}

/** What the attacks of the run itself left standing, before the diagnosis. */
export function measuredUpper({ masking, accuracy }: Run): number | null {
  return masking?.measuredUpper ?? accuracy.robustUpper;
}
