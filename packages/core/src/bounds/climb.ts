/** Bounds of rows whose slopes are optimised: steps of where they lead, and the bounds that come of them. */
import type { ChoiceStop } from './choice-inputs.ts';
import { numbers } from './numbers.ts';
import type { Feeds } from './staged-programs.ts';
import { type Columns, type Pace, ratesAt, Turns } from './turns.ts';

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

/**
 * Bounds of rows, the greatest of those taken on the way. `chunk`: what goes with rows, each [1, rows, …];
 * `bound` proves by the slopes it is fed, `look` says where they lead.
 */
export async function climbed(
  { bound, look }: { readonly bound: Run; readonly look: Run },
  chunk: Feeds,
  {
    stops,
    columns,
  }: { readonly stops: readonly ChoiceStop[]; readonly columns: readonly Columns[] },
  { steps, settles }: Ascent,
): Promise<Float32Array> {
  const count = Object.values(chunk)[0]?.shape[1] ?? 0;
  const best = new Float32Array(count).fill(Number.NaN);
  let open = Array.from({ length: count }, (_, row) => row);
  let own = chunk;
  const turnsOf = (rows: number): Turns =>
    new Turns(stops, columns, rows, (width) => [1, rows, width]);
  let turns = turnsOf(count);
  let looked: Feeds | undefined;
  for (let step = 1; step <= steps; step++) {
    looked = await look({ ...own, ...turns.feeds }, looked);
    turns.step(ratesAt(step, PACE), looked);
    if (step !== steps && (step % OFTEN !== 0 || !settles)) continue;
    const results = await bound({ ...own, ...turns.feeds });
    if (numbers(results['finite'])[0] === 1) keepGreater(best, open, numbers(results['least']));
    const left = settles ? open.flatMap((row, i) => ((best[row] ?? 0) > 0 ? [] : [i])) : [];
    if (settles && left.length === 0) break;
    if (settles && left.length <= WORTH_LEAVING * open.length) {
      looked = undefined;
      own = chosen(own, left);
      turns = turns.ofRows(left, turnsOf(left.length));
      open = left.map((i) => open[i] ?? 0);
    }
  }
  return best;
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
