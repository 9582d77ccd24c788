/** Bounds of rows whose slopes are optimised: steps of where they lead, and the bounds that come of them. */
import type { ChoiceStop } from './choice-inputs.ts';
import { numbers } from './numbers.ts';
import type { Feeds } from './staged-programs.ts';
import { type Columns, type Pace, type Rates, ratesAt, Turns } from './turns.ts';

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
  /** Some of them alone; absent where all stay together. */
  only?(rows: readonly number[]): Climbers;
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
      settles && left.length <= WORTH_LEAVING * open.length ? own.only?.(left) : undefined;
    if (!fewer) continue;
    looked = undefined;
    own = fewer;
    open = left.map((i) => open[i] ?? 0);
  }
  return best;
}

/** Rows of one sample, one behind the other: what goes with them is [1, rows, …]. */
export class StackedClimb implements Climbers {
  readonly count: number;
  readonly feeds: Feeds;
  private readonly chunk: Feeds;
  private readonly choices: Choices;
  private readonly turns: Turns;

  constructor(chunk: Feeds, choices: Choices) {
    this.chunk = chunk;
    this.choices = choices;
    this.count = Object.values(chunk)[0]?.shape[1] ?? 0;
    const { stops, columns } = choices;
    this.turns = new Turns(stops, columns, this.count, (width) => [1, this.count, width]);
    this.feeds = { ...chunk, ...this.turns.feeds };
  }

  step(rates: Rates, looked: Feeds): void {
    this.turns.step(rates, looked);
  }

  least({ least, finite }: Feeds): Float32Array {
    const isFinite = numbers(finite)[0] === 1;
    return isFinite ? numbers(least) : new Float32Array(this.count).fill(Number.NaN);
  }

  only(rows: readonly number[]): StackedClimb {
    const fewer = new StackedClimb(chosen(this.chunk, rows), this.choices);
    this.turns.ofRows(rows, fewer.turns);
    return fewer;
  }
}

/** Hinges whose slopes are free. */
export interface Choices {
  readonly stops: readonly ChoiceStop[];
  readonly columns: readonly Columns[];
}

/** Some of the rows of values [1, rows, …]. */
function chosen(feeds: Feeds, rows: readonly number[]): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      const data = numbers(tensor);
      const [, count = 1, ...rest] = tensor.shape;
      const size = data.length / count;
      const kept = new Float32Array(rows.length * size);
      rows.forEach((row, i) => kept.set(data.subarray(row * size, (row + 1) * size), i * size));
      return [name, { type: 'float32', shape: [1, rows.length, ...rest], data: kept }] as const;
    }),
  );
}

function keepGreater(best: Float32Array, rows: readonly number[], values: Float32Array): void {
  rows.forEach((row, i) => {
    const value = values[i] ?? Number.NaN;
    if (!Number.isNaN(value) && !(value <= (best[row] ?? 0))) best[row] = value;
  });
}
