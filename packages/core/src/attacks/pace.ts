/**
 * How long the next step of each row is: what Auto-PGD learns from the losses it has seen. All state
 * is one number a row, packed with the rows.
 */
import type { RowFeed } from '../runtime/rows.ts';
import { column } from './packing.ts';

type Numbers = RowFeed & { readonly data: Float32Array };

/** What every pace keeps; the program reads `step`, `keptLoss` and what `feeds` adds. */
export interface Pace {
  readonly feeds: Readonly<Record<string, RowFeed>>;
  /** All that is packed with the rows, the feeds included. */
  readonly columns: readonly RowFeed[];
  readonly keptLoss: Float32Array;
  /** Takes in the loss at each row's x. */
  observe(losses: ArrayLike<number>, count: number): void;
  /** Before iteration `k` is evaluated: calls `restart` for rows to go on from their best point. */
  adapt(k: number, count: number, restart: (row: number) => void): void;
}

const LEAST = -3e38;
/** Croce & Hein 2020, section 3: share of the budget up to the first checkpoint, and how periods shrink. */
const FIRST_PERIOD = 0.22;
const PERIOD_FALL = 0.03;
const SHORTEST_PERIOD = 0.06;
const RISING_SHARE = 0.75;
const MOMENTUM = 0.75;

/** The iterations at which steps may be halved, 0 first: ⌈p_j·N⌉. */
export function checkpoints(steps: number): number[] {
  const found = [0];
  let [share, period] = [FIRST_PERIOD, FIRST_PERIOD];
  while (share < 1) {
    found.push(Math.ceil(share * steps - 1e-9));
    period = Math.max(period - PERIOD_FALL, SHORTEST_PERIOD);
    share += period;
  }
  return [...new Set(found)];
}

/**
 * Auto-PGD's: from 2ε, halved at a checkpoint where the loss rose in less than three quarters of the
 * iterations, or where neither step nor best loss changed since the checkpoint before.
 */
export function halving(count: number, steps: number): Pace {
  const step = column(count, 2);
  const blend = column(count, 1);
  const keptLoss = column(count, LEAST);
  const lastLoss = column(count, Infinity);
  const rises = column(count);
  const bestBefore = column(count, LEAST);
  const halvedBefore = column(count);
  const marks = checkpoints(steps);
  return {
    feeds: { step, blend, keptLoss },
    columns: [step, blend, keptLoss, lastLoss, rises, bestBefore, halvedBefore],
    keptLoss: keptLoss.data,
    observe: (losses, rows) => {
      for (let i = 0; i < rows; i++) {
        const loss = losses[i] ?? 0;
        if (loss > at(lastLoss, i)) rises.data[i] = at(rises, i) + 1;
        if (loss > at(keptLoss, i)) keptLoss.data[i] = loss;
        lastLoss.data[i] = loss;
        blend.data[i] = MOMENTUM;
      }
    },
    adapt: (k, rows, restart) => {
      const mark = marks.indexOf(k);
      if (mark < 1) return;
      const wanted = RISING_SHARE * (k - (marks[mark - 1] ?? 0));
      for (let i = 0; i < rows; i++) {
        const stuck = at(halvedBefore, i) === 0 && at(bestBefore, i) === at(keptLoss, i);
        const halve = stuck || at(rises, i) < wanted;
        if (halve) {
          step.data[i] = at(step, i) / 2;
          lastLoss.data[i] = Infinity;
          restart(i);
        }
        halvedBefore.data[i] = halve ? 1 : 0;
        bestBefore.data[i] = at(keptLoss, i);
        rises.data[i] = 0;
      }
    },
  };
}

function at({ data }: Numbers, row: number): number {
  return data[row] ?? 0;
}
