/**
 * What every attack is: a pure function from rows (inputs, labels, radii) to each row's best
 * candidate. Attacks only propose; the original file judges (audit/judge.ts). Nothing here is kept
 * between calls but compiled programs.
 */
import type { NormName } from '../audit/run.ts';
import type { Rows, SetContext } from '../threats/ball.ts';
import { LossTrace } from './trace.ts';

export interface AttackContext extends SetContext {
  readonly seed: number;
  /** Asks for each row's margins by iteration; costs memory. */
  readonly trace?: boolean;
}

export interface AttackOutcome {
  /** [count × sampleSize]: the input with the smallest margin seen, inside each row's ball. */
  readonly best: Float32Array;
  /** Its margin by the derived program; the original file has the last word. */
  readonly margins: Float64Array;
  readonly forwards: Int32Array;
  readonly gradients: Int32Array;
  /** Of attacks that go by iterations, where it was asked for. */
  readonly trace?: LossTrace;
}

export interface Attack {
  /** Its name in the table, on the command line and in the ledger. */
  readonly id: string;
  /** Noise is not an attack: it knows nothing of the model. */
  readonly side: 'noise' | 'attack';
  /**
   * `ball`: looks for any break within each row's radius, and stops at the first. `nearest`: looks for
   * the break nearest to each row's input; the radius is the most it may use (the nearest known so far).
   */
  readonly aim: 'ball' | 'nearest';
  /** Evaluations a row that nothing breaks takes. */
  readonly cost: { readonly forwards: number; readonly gradients: number };
  /** Why it cannot serve this norm or model, as the end of a sentence; null where it can. */
  refusal?(context: SetContext): string | null;
  /**
   * Writes into `outcome` as it goes, so that what was found is there when the signal stops it between two
   * evaluations (it then throws Stopped); returns it at the end.
   */
  run(context: AttackContext, rows: Rows, outcome?: AttackOutcome): Promise<AttackOutcome>;
}

const normNames: Readonly<Record<NormName, string>> = { linf: 'ℓ∞', l2: 'ℓ2', l1: 'ℓ1', l0: 'ℓ0' };

/** The refusal of an attack that serves these norms alone. */
export function servesOnly(...served: NormName[]): (context: SetContext) => string | null {
  const names = served.map((name) => normNames[name]);
  const last = names.pop() ?? '';
  const list = names.length > 0 ? `${names.join(', ')} and ${last}` : last;
  return ({ threat: { norm } }) =>
    served.includes(norm.name) ? null : `serves ${list}, not ${normNames[norm.name]}`;
}

export function emptyOutcome(rows: Rows, context?: AttackContext): AttackOutcome {
  return {
    best: rows.x.slice(),
    margins: new Float64Array(rows.count).fill(Infinity),
    forwards: new Int32Array(rows.count),
    gradients: new Int32Array(rows.count),
    ...(context?.trace ? { trace: new LossTrace(rows.count) } : {}),
  };
}

/** Takes row `i` of x as the candidate of an attacked row where its margin is smaller, or no number. */
export function offer(
  outcome: AttackOutcome,
  row: number,
  margin: number,
  x: Float32Array,
  i: number,
  size: number,
): void {
  // A margin that is no number is a candidate too: the original file will say.
  if (margin >= (outcome.margins[row] ?? Infinity)) return;
  outcome.margins[row] = margin;
  outcome.best.set(x.subarray(i * size, (i + 1) * size), row * size);
}
