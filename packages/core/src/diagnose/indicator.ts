/**
 * An indicator of gradient masking: a measured number, the threshold it is held to with its source, and
 * what it means. `weight` says what one that fires proves: `proof` (an attack that knows less did better,
 * which a credible gradient does not allow), `sign` (how masking looks, which other things may cause),
 * `remark` (worth knowing, no sign of masking). Signs of one cause are one fact seen several times.
 */
import type { IndicatorRecord } from '../audit/run.ts';
import type { Evidence } from './evidence.ts';

export interface Finding {
  readonly fired: boolean;
  readonly value: number;
  /** What was counted, in a sentence. */
  readonly evidence: string;
}

/**
 * What makes a sign fire: no slope to follow, one that leads nowhere, a softmax that rounds to certainty, draws
 * of the model, an attack that has not come to its end, one that fails although more is allowed.
 */
export type Cause = 'flat' | 'rough' | 'saturated' | 'random' | 'unfinished' | 'stuck';

export type Indicator = Judged & (Weighty | Sign);

interface Weighty {
  readonly weight: 'proof' | 'remark';
}

interface Sign {
  readonly weight: 'sign';
  readonly cause: Cause;
}

interface Judged {
  readonly id: string;
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
