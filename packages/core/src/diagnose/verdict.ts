/**
 * What the indicators come to. An attack that knows less and does more confirms masking; signs that other
 * things may cause as well make it suspected; several of them that do not depend on each other confirm it too.
 */
import type { MaskingRecord } from '../audit/run.ts';
import type { Evidence } from './evidence.ts';
import { recordOf } from './indicator.ts';
import { indicators } from './indicators.ts';

/** So many signs at once: no honest model of bench/masking shows even one. */
const SIGNS = 3;

export function verdictOf(evidence: Evidence): Pick<MaskingRecord, 'verdict' | 'indicators'> {
  const records = indicators.map((indicator) => recordOf(indicator, evidence));
  const fired = (weight: 'proof' | 'sign'): number =>
    indicators.filter((indicator, i) => indicator.weight === weight && records[i]?.fired).length;
  const signs = fired('sign');
  const isConfirmed = fired('proof') > 0 || signs >= SIGNS;
  return {
    verdict: isConfirmed ? 'confirmed' : signs > 0 ? 'suspected' : 'none',
    indicators: records,
  };
}
