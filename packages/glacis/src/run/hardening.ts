/** What a training was and what it bought: the document of `glacis harden`. */
import type { Certificate, EpochReport, Kept, NormName, TrainingMethodName } from '@glacis/core';
import { percent, radius } from '../report/numbers.ts';
import type { Compared } from './comparison.ts';
import type { SCHEMA } from './training-files.ts';

/** What `--json` prints, and without the audits NEW.history.json holds. */
export interface Hardening {
  readonly schema: typeof SCHEMA;
  readonly glacis: string;
  readonly seed: number;
  readonly command: readonly string[];
  readonly method: TrainingMethodName;
  /** Whether the validation counts proofs, or what an attack leaves standing. */
  readonly proves: boolean;
  readonly threat: {
    readonly norm: NormName;
    readonly eps: number;
    readonly clip: readonly [number, number] | null;
  };
  /** The radius that it trained against; null where its method has none. */
  readonly trainEps: number | null;
  readonly model: { readonly path: string; readonly sha256: string };
  readonly out: { readonly path: string; readonly sha256: string };
  readonly data: {
    readonly path: string;
    readonly sha256: string;
    readonly training: number;
    readonly validation: number;
  };
  readonly epochs: number;
  readonly best: Omit<Kept, 'vectors'> | null;
  readonly fellBack: number | null;
  readonly history: readonly EpochReport[];
  /** Of linear models under lipschitz: that no classifier of this constant loses less. */
  readonly certificate: Certificate | null;
  readonly compared: Compared | null;
  /** In words: what the audits say that the training bought. */
  readonly verdict: string;
  readonly seconds: number;
}

/** Hidden gradients are no robustness. */
export function isMasked(compared: Compared | null): boolean {
  return compared?.after.masking?.verdict === 'confirmed';
}

/**
 * Below this cosine gradients of neighbours are taken to say nothing of each other. Half way between what was measured
 * of digits classifiers (ℓ∞, ε = 0.3) that are honest, 0.76 at least (natural, adversarially trained, certified and
 * 1-Lipschitz ones), and of such as had overfitted to a single step, 0.38 (two seeds; 20 steps leave 1 % standing).
 */
const ALIGNED = 0.57;

/**
 * Whether attacks are withstood for the wrong reasons: where they find less than before while gradients at
 * neighbours have parted, as in a training that overfits to its own attack (Andriushchenko & Flammarion 2020).
 */
export function isWronglyRight(compared: Compared | null): boolean {
  if (!compared) return false;
  const { before, after, alignment } = compared;
  const [first, then] = [alignment.before.nearby, alignment.after.nearby];
  const past = before.accuracy.robustUpper ?? 0;
  const isBetter = (after.accuracy.robustUpper ?? 0) > past;
  // A proof needs no reason.
  const isProven = (after.accuracy.certifiedLower ?? 0) > past;
  return isBetter && !isProven && then !== null && then < ALIGNED && then < (first ?? 1);
}

export function verdictOf(compared: Compared | null): string {
  if (!compared) return 'Nothing was audited.';
  const { before, after } = compared;
  if (isMasked(compared)) {
    return 'This model is not hardened: its gradients are masked, and what attacks find is not credible.';
  }
  const gained = (key: 'robustUpper' | 'certifiedLower'): number =>
    (after.accuracy[key] ?? 0) - (before.accuracy[key] ?? 0);
  const [attacked, proven] = [gained('robustUpper'), gained('certifiedLower')];
  if (attacked <= 0 && proven <= 0)
    return 'The training bought nothing: neither attacks nor proofs say more than before.';
  if (isWronglyRight(compared)) {
    return `Right for the wrong reasons: attacks now leave ${percent(after.accuracy.robustUpper)} standing, but gradients within ε/10 of an input no longer agree (cosine ${radius(compared.alignment.after.nearby)}, before ${radius(compared.alignment.before.nearby)}), as after overfitting to one attack. Only the proven ${percent(after.accuracy.certifiedLower)} are to be relied on.`;
  }
  return `Attacks now leave ${percent(after.accuracy.robustUpper)} standing (before ${percent(before.accuracy.robustUpper)}), and ${percent(after.accuracy.certifiedLower)} are proven (before ${percent(before.accuracy.certifiedLower)}).`;
}
