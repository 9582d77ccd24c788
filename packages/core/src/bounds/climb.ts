/** Bounds of rows whose slopes are optimised: the loop around the program of one step. */
import type { Tensor } from '../tensor/tensor.ts';
import { adamFeeds } from './adam.ts';
import { slopeNames } from './layer-graphs.ts';
import type { Feeds } from './staged-programs.ts';

/** Step size and its decay: of several tried on ACAS Xu, the tightest after twenty steps. */
const [RATE, DECAY] = [0.2, 0.95];

/** Bounds of rows after each of so many steps up, the greatest of each; `run` makes one from a state. */
export async function climbed(
  run: (state: Feeds) => Promise<Feeds>,
  widths: readonly number[],
  count: number,
  steps: number,
): Promise<Float32Array> {
  let state = Object.fromEntries(
    widths.flatMap((width, i) =>
      slopeNames(i).map((name) => [name, zeros([1, count, width])] as const),
    ),
  );
  const best = new Float32Array(count).fill(Number.NaN);
  for (let step = 1; step <= steps; step++) {
    const { rate, scale } = adamFeeds(step, RATE * DECAY ** (step - 1));
    const numbersOfStep = { rate: scalar(rate), scale: scalar(scale) };
    const results = await run({ ...state, ...numbersOfStep });
    if (numbers(results['finite'])[0] === 1) keepGreater(best, numbers(results['least']));
    state = Object.fromEntries(
      Object.keys(state).map((name) => [name, results[`next/${name}`] ?? scalar(0)]),
    );
  }
  return best;
}

function keepGreater(best: Float32Array, values: Float32Array): void {
  values.forEach((value, i) => {
    if (!Number.isNaN(value) && !(value <= (best[i] ?? 0))) best[i] = value;
  });
}

/** The numbers of a float32 result. */
export function numbers(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('a bound is not float32');
  return tensor.data;
}

const scalar = (value: number): Tensor => ({
  type: 'float32',
  shape: [],
  data: Float32Array.of(value),
});

const zeros = (shape: readonly number[]): Tensor => ({
  type: 'float32',
  shape: [...shape],
  data: new Float32Array(shape.reduce((size, dim) => size * dim, 1)),
});
