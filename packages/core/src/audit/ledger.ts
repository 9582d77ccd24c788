/**
 * The ledger: one entry per input and threat, the only thing that changes during an audit. Methods
 * hand in what they found; the ledger keeps the better end of each bracket, and stops everything when
 * an attack succeeds inside a proven radius, because then one of the two is wrong.
 */
import type { Precision } from '../onnx/precision.ts';
import type { Threat } from '../threats/threat.ts';
import type { SampleTrace } from './part.ts';
import type { MethodRecord, SampleRecord, Semantics, Verdict } from './run.ts';

/** An attack inside a radius proven safe: a bug in Glacis, never a result. */
export class ContradictionError extends Error {
  override readonly name = 'ContradictionError';
}

export interface Entry {
  readonly index: number;
  label: number;
  /** The class that is aimed at, if one is. */
  readonly target: number | null;
  readonly x: Float32Array;
  prediction: number;
  /** The clean input is answered wrong, or is broken as it is. */
  wrong: boolean;
  margin: number | null;
  estimate: number | null;
  adversarial: Float32Array | null;
  adversarialPrediction: number | null;
  adversarialMargin: number | null;
  adversarialSize: number;
  lower: number | null;
  lowerMethod: string | null;
  upper: number | null;
  upperMethod: string | null;
  marginLower: number | null;
  noiseBroken: boolean | null;
  forwards: number;
  gradients: number;
  seconds: number;
  error: string | null;
  timedOut: boolean;
  /** Largest radius at which an attack was tried and failed. */
  withstood: number;
}

interface Tally {
  readonly id: string;
  readonly side: MethodRecord['side'];
  asked: number;
  decided: number;
  forwards: number;
  gradients: number;
  seconds: number;
  standing: number | null;
}

/** What broke an input where the file's own answer is no finite number, whichever attack came upon it. */
export const NON_FINITE = 'non-finite';

/**
 * Under `real` semantics an attack this close to a tie, relative to the scores, may be the network's
 * own rounding.
 */
const ROUNDING_SHARE: Readonly<Record<Precision, number>> = {
  float16: 5e-2,
  float32: 1e-4,
  float64: 1e-4,
};

export class Ledger {
  readonly entries: readonly Entry[];
  readonly threat: Threat;
  readonly semantics: Semantics;
  /** What the judged file computes in. */
  readonly precision: Precision;
  readonly notes = new Set<string>();
  /** What attacks saw on the way, where it was asked for. */
  readonly traces: SampleTrace[] = [];
  private readonly tallies = new Map<string, Tally>();

  constructor(
    entries: readonly Entry[],
    threat: Threat,
    semantics: Semantics,
    precision: Precision = 'float32',
  ) {
    this.entries = entries;
    this.threat = threat;
    this.semantics = semantics;
    this.precision = precision;
  }

  /** A broken input of the original file: keeps it if it is the nearest so far. */
  broken(entry: Entry, found: Broken, method: string): void {
    // A stronger attack broke what a weaker one did not: that radius was not withstood.
    if (entry.withstood >= found.distance) entry.withstood = 0;
    if (entry.upper !== null && found.distance >= entry.upper) return;
    entry.upper = found.distance;
    entry.upperMethod = found.isFinite ? method : NON_FINITE;
    entry.adversarial = found.x;
    entry.adversarialPrediction = found.prediction;
    entry.adversarialMargin = found.margin;
    entry.adversarialSize = found.size;
    this.check(entry);
  }

  /** A radius proven safe; of a norm that counts features, those that are whole below it. */
  proven(entry: Entry, proven: number, method: string): void {
    const radius = this.threat.norm.counts ? Math.floor(proven) : proven;
    if (entry.lower !== null && radius <= entry.lower) return;
    entry.lower = radius;
    entry.lowerMethod = method;
    this.check(entry);
  }

  private check(entry: Entry): void {
    const { lower, upper } = entry;
    if (lower === null || upper === null || lower < upper) return;
    const share = Math.abs(entry.adversarialMargin ?? Infinity) / entry.adversarialSize;
    if (this.semantics === 'real' && share <= ROUNDING_SHARE[this.precision]) {
      entry.lower = upper * (1 - 2 ** -20);
      this.notes.add(
        `Some proofs over the real numbers end where ${this.precision} rounding already breaks the model (rounding).`,
      );
      return;
    }
    throw new ContradictionError(
      `input ${entry.index} is broken at ${upper} by ${entry.upperMethod ?? '?'} inside the radius ${lower} that ${entry.lowerMethod ?? '?'} proved: a bug in Glacis, please report it with the model`,
    );
  }

  verdict(entry: Entry): Verdict {
    if (entry.error !== null) return 'error';
    if (entry.wrong) return 'misclassified';
    if (entry.upper !== null && entry.upper <= this.threat.eps) return 'falsified';
    const proven = entry.lowerMethod !== null && (entry.lower ?? 0) >= this.threat.eps;
    if (proven) return 'certified';
    return entry.timedOut ? 'timeout' : 'unknown';
  }

  /** Notes what a method was asked and cost. `standing`: inputs still right after it. */
  charge(
    id: string,
    side: MethodRecord['side'],
    entries: readonly Entry[],
    cost: { forwards: number; gradients: number; seconds: number; decided: number },
  ): void {
    const tally = this.tallies.get(id) ?? {
      id,
      side,
      asked: 0,
      decided: 0,
      forwards: 0,
      gradients: 0,
      seconds: 0,
      standing: null,
    };
    tally.asked += entries.length;
    tally.decided += cost.decided;
    tally.forwards += cost.forwards;
    tally.gradients += cost.gradients;
    tally.seconds += cost.seconds;
    this.tallies.set(id, tally);
    for (const entry of entries) entry.seconds += cost.seconds / entries.length;
  }

  standing(id: string, count: number): void {
    const tally = this.tallies.get(id);
    if (tally) tally.standing = (tally.standing ?? 0) + count;
  }

  methods(): MethodRecord[] {
    return [...this.tallies.values()].map(({ standing, ...tally }) => ({
      ...tally,
      accuracy: standing === null ? null : standing / Math.max(1, this.entries.length),
    }));
  }

  records(): SampleRecord[] {
    return this.entries.map((entry) => ({
      index: entry.index,
      label: entry.label,
      target: entry.target,
      prediction: entry.prediction,
      adversarialPrediction: entry.adversarialPrediction,
      verdict: this.verdict(entry),
      lower: entry.lower,
      lowerMethod: entry.lowerMethod,
      upper: entry.upper,
      upperMethod: entry.upperMethod,
      marginLower: entry.marginLower,
      estimate: entry.estimate,
      margin: entry.margin,
      noiseBroken: entry.noiseBroken,
      forwards: entry.forwards,
      gradients: entry.gradients,
      seconds: entry.seconds,
      error: entry.error,
    }));
  }
}

/** What a record says, over an entry of the same input. */
export function restore(
  entry: Entry,
  record: SampleRecord,
  adversarial: Float32Array | null,
): void {
  const { verdict, ...known } = record;
  Object.assign(entry, known, { adversarial, wrong: verdict === 'misclassified' });
}

export interface Broken {
  /** The stored float32 input, its float64 distance, and the original file's answer to it. */
  readonly x: Float32Array;
  readonly distance: number;
  readonly prediction: number;
  readonly margin: number;
  /** The largest |score| there: what rounding is relative to. */
  readonly size: number;
  /** False where some score is no finite number. */
  readonly isFinite: boolean;
}

export function newEntry(
  index: number,
  label: number,
  x: Float32Array,
  target: number | null = null,
): Entry {
  return {
    index,
    label,
    target,
    x,
    prediction: -1,
    wrong: false,
    margin: null,
    estimate: null,
    adversarial: null,
    adversarialPrediction: null,
    adversarialMargin: null,
    adversarialSize: 0,
    lower: null,
    lowerMethod: null,
    upper: null,
    upperMethod: null,
    marginLower: null,
    noiseBroken: null,
    forwards: 0,
    gradients: 0,
    seconds: 0,
    error: null,
    timedOut: false,
    withstood: 0,
  };
}
