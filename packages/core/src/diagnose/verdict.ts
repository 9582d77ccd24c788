/**
 * What the indicators come to. An attack that knows less and does more confirms masking; signs that other
 * things may cause as well make it suspected; several of them, of more than one cause, confirm it too. Signs
 * say that something may be hidden: where nothing can be, they weigh nothing.
 */
import type { MaskingRecord } from '../audit/run.ts';
import type { Evidence } from './evidence.ts';
import { type Cause, recordOf } from './indicator.ts';
import { indicators } from './indicators.ts';

/** So many signs at once: no honest model of bench/masking shows even one. */
const SIGNS = 3;
const CAUSES = 2;

export function verdictOf(evidence: Evidence): Pick<MaskingRecord, 'verdict' | 'indicators'> {
  const records = indicators.map((indicator) => recordOf(indicator, evidence));
  const fired = indicators.filter((_, i) => records[i]?.fired);
  const isProven = fired.some(({ weight }) => weight === 'proof');
  const causes = fired.flatMap((indicator) =>
    indicator.weight === 'sign' && counts(indicator.cause, evidence) ? [indicator.cause] : [],
  );
  const isPlain = causes.length >= SIGNS && new Set(causes).size >= CAUSES;
  const suspected = causes.length > 0 ? 'suspected' : 'none';
  return { verdict: isProven || isPlain ? 'confirmed' : suspected, indicators: records };
}

/** Whether plain gradients left anything to hide: at ε, or where more is allowed; a model that never changes hides nothing. */
function counts(cause: Cause, { trials: { iterated }, constant }: Evidence): boolean {
  return !constant && (cause === 'stuck' || iterated.broken.some((own) => !own));
}
