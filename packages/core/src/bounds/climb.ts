/** Bounds of rows whose slopes are optimised: the loop around the program of one step. */
import type { Tensor } from '../tensor/tensor.ts';
import { adamFeeds } from './adam.ts';
import { type Choice, firstState, nextState } from './ascent-state.ts';
import type { Feeds } from './staged-programs.ts';

/** Step size and its decay: of several tried on ACAS Xu, the tightest after twenty steps. */
const [RATE, DECAY] = [0.2, 0.95];
/** Rows are taken out where no more than this share stays. */
const WORTH_LEAVING = 0.75;

export interface Ascent {
  readonly steps: number;
  /** Whether a row above 0 is as good as any: it goes on no further. */
  readonly settles: boolean;
}

/**
 * Bounds of rows after each of so many steps up, the greatest of each. `chunk`: what goes with rows, each
 * [1, rows, …]; `run` makes a step from it and the slopes' state.
 */
export async function climbed(
  run: (feeds: Feeds) => Promise<Feeds>,
  chunk: Feeds,
  choices: readonly Choice[],
  { steps, settles }: Ascent,
): Promise<Float32Array> {
  const count = Object.values(chunk)[0]?.shape[1] ?? 0;
  const best = new Float32Array(count).fill(Number.NaN);
  let open = Array.from({ length: count }, (_, row) => row);
  let own = chunk;
  let state = firstState(choices, 1, count);
  for (let step = 1; step <= steps; step++) {
    const { rate, scale } = adamFeeds(step, RATE * DECAY ** (step - 1));
    const numbersOfStep = { rate: scalar(rate), scale: scalar(scale) };
    const results = await run({ ...own, ...state, ...numbersOfStep });
    if (numbers(results['finite'])[0] === 1) keepGreater(best, open, numbers(results['least']));
    state = nextState(state, results);
    const left = settles ? open.flatMap((row, i) => ((best[row] ?? 0) > 0 ? [] : [i])) : [];
    if (settles && left.length === 0) break;
    if (settles && left.length <= WORTH_LEAVING * open.length) {
      [own, state] = [chosen(own, left), chosen(state, left)];
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

/** The numbers of a float32 result. */
export function numbers(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('a bound is not float32');
  return tensor.data;
}

/** A float32 scalar. */
export const scalar = (value: number): Tensor => ({
  type: 'float32',
  shape: [],
  data: Float32Array.of(value),
});
