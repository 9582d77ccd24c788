/** Bounds of rows whose slopes are optimised: steps of where they lead, and the bounds that come of them. */
import type { Feeds } from './staged-programs.ts';
import { type Pace, type Rates, ratesAt } from './turns.ts';

/** Of several tried on ACAS Xu, the tightest after twenty steps. */
const PACE: Pace = { rate: 0.2, decay: 0.95 };
/** Steps after which bounds are taken, and rows that are settled leave. */
const OFTEN = 5;
/** Rows are taken out where no more than this share stays. */
const WORTH_LEAVING = 0.75;

export interface Ascent {
  readonly steps: number;
  /** Whether a row above 0 is as good as any: it goes on no further. */
  readonly settles: boolean;
}

type Run = (feeds: Feeds, into?: Feeds) => Promise<Feeds>;

/** `bound` proves by the slopes it is fed, `look` says where they lead. */
export interface Runs {
  readonly bound: Run;
  readonly look: Run;
}

/** Rows whose slopes go up their bounds. */
export interface Climbers {
  readonly count: number;
  /** What programs are fed of them. */
  readonly feeds: Feeds;
  step(rates: Rates, looked: Feeds): void;
  /** Their bounds by what is proven; NaN where nothing is. */
  least(proven: Feeds): Float32Array;
  /** Some of them alone; undefined where that makes nothing shorter. */
  only(rows: readonly number[]): Climbers | undefined;
}

/** Bounds of rows, the greatest of those taken on the way. */
export async function climbed(
  { bound, look }: Runs,
  climbers: Climbers,
  { steps, settles }: Ascent,
): Promise<Float32Array> {
  const best = new Float32Array(climbers.count).fill(Number.NaN);
  let open = Array.from(best, (_, row) => row);
  let own = climbers;
  let looked: Feeds | undefined;
  for (let step = 1; step <= steps; step++) {
    looked = await look(own.feeds, looked);
    own.step(ratesAt(step, PACE), looked);
    if (step !== steps && (step % OFTEN !== 0 || !settles)) continue;
    keepGreater(best, open, own.least(await bound(own.feeds)));
    const left = settles ? open.flatMap((row, i) => ((best[row] ?? 0) > 0 ? [] : [i])) : [];
    if (settles && left.length === 0) break;
    const fewer =
      settles && left.length <= WORTH_LEAVING * open.length ? own.only(left) : undefined;
    if (!fewer) continue;
    looked = undefined;
    own = fewer;
    open = left.map((i) => open[i] ?? 0);
  }
  return best;
}

function keepGreater(best: Float32Array, rows: readonly number[], values: Float32Array): void {
  rows.forEach((row, i) => {
    const value = values[i] ?? Number.NaN;
    if (!Number.isNaN(value) && !(value <= (best[row] ?? 0))) best[row] = value;
  });
}
