/**
 * An indicator of gradient masking: a measured number, the threshold it is held to with its source, and
 * what it means. `weight` says what one that fires proves: `proof` (an attack that knows less did better,
 * which a credible gradient does not allow), `sign` (how masking looks, which other things may cause),
 * `remark` (worth knowing, no sign of masking).
 */
import type { IndicatorRecord } from '../audit/run.ts';
import type { Evidence } from './evidence.ts';

export interface Finding {
  readonly fired: boolean;
  readonly value: number;
  /** What was counted, in a sentence. */
  readonly evidence: string;
}

export interface Indicator {
  readonly id: string;
  readonly weight: 'proof' | 'sign' | 'remark';
  readonly threshold: number;
  readonly meaning: string;
  /** What to do, in words of the command line that hold for what was examined. */
  advise(evidence: Evidence): string;
  /** null: what it reads was not measured. */
  judge(evidence: Evidence): Finding | null;
}

export function recordOf(indicator: Indicator, evidence: Evidence): IndicatorRecord {
  const { id, threshold, meaning } = indicator;
  const finding = indicator.judge(evidence) ?? {
    fired: false,
    value: null,
    evidence: 'Not measured in this run.',
  };
  return { id, ...finding, threshold, meaning, advice: indicator.advise(evidence) };
}
