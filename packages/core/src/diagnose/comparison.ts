/**
 * Attacks that know less held against iterated gradients: where they do better, the gradient misled. The
 * judgement that five indicators share.
 */
import type { Evidence, Trial } from './evidence.ts';
import type { Finding } from './indicator.ts';
import { paired } from './statistics.ts';
import { percent, told } from './words.ts';

/**
 * Points that a paired 95 % interval must lie above: less is what two good attacks differ by anyway
 * (AutoAttack warns from any point value; on the honest models of bench/masking the interval stays at 0).
 */
export const POINTS = 0.02;

/** Whether `trial` broke more inputs than iterated gradients did, beyond chance. */
export function outdoes(
  trial: Trial | null,
  { trials }: Evidence,
  threshold = POINTS,
): Finding | null {
  if (!trial || trial.broken.length === 0) return null;
  const { gains, losses, difference, lower } = paired(trial.broken, trials.iterated.broken);
  return {
    fired: lower > threshold,
    value: lower,
    evidence: `${told(trial)}, ${told(trials.iterated)}: ${gains} that the gradient missed, ${losses} the other way round, a difference of ${percent(difference)}, at 95% at least ${percent(lower)}.`,
  };
}
