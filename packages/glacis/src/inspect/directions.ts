/**
 * Gradients against central differences of the original file, along random directions. A network of
 * many ReLUs has a kink almost everywhere one looks, at steps large enough for float32. So the
 * difference over a short segment is compared with the mean of the derivative along it, which is the
 * same number for any continuous function. Where the mean itself is not settled (even and odd points
 * of the segment disagree), the direction is left out and counted.
 */
import {
  type Builder,
  gradientOf,
  inputNodes,
  type Model,
  type Node,
  RandomBlock,
  type Runtime,
  type Session,
  sizeOf,
  type Tensor,
  writeModel,
} from '@glacis/core';
import { floatsOf, joined } from './rows.ts';

/** [count × sample] → the outputs, row by row. */
export type Evaluate = (rows: Float32Array, count: number) => Promise<Float32Array>;

export const SLOPE_TOLERANCE = 1e-3;

/** Half the segment's length, in units of a standard normal direction: float32 noise stays small. */
const REACH = 2e-3;
/** Points along the segment, and directions a row: fewer where a model computes many elements. */
const [MANY, FEW] = [
  { points: 256, directions: 8 },
  { points: 64, directions: 1 },
];
const LARGE_MODEL = 2e6;

export interface DirectionErrors {
  /** Relative to the gradient's length, for each direction kept. */
  readonly errors: readonly number[];
  readonly kinks: number;
}

export async function checkGradient(
  model: Model,
  runtime: Runtime,
  { rows, count }: { readonly rows: Float32Array; readonly count: number },
  original: Evaluate,
  seed: number,
): Promise<DirectionErrors> {
  const [input] = inputNodes(model.graph);
  const name = input?.attributes.name ?? '';
  const shape = (input?.shape ?? []).slice(1).map(Number);
  const size = sizeOf(shape);
  const { of, mixture } = randomMixture(seed);
  const session = await runtime.session(writeModel(gradientOf(model.graph, { of, at: name })));
  const gradientsAt = gradientRows(session, name, shape, model.batched);
  const mixed = async (x: Float32Array): Promise<number> => {
    const [scores, weights] = [await original(x, 1), mixture()];
    return scores.reduce((sum, score, i) => sum + score * (weights[i] ?? 0), 0);
  };
  const { points, directions } = effortFor(model);
  const errors: number[] = [];
  let kinks = 0;
  for (let row = 0; row < count; row++) {
    const x = rows.slice(row * size, (row + 1) * size);
    for (let draw = 0; draw < directions; draw++) {
      const random = new RandomBlock(seed, row, 2 + draw);
      const direction = Float32Array.from({ length: size }, (_, i) => random.normal(i));
      const at = (t: number): Float32Array => x.map((value, i) => value + t * (direction[i] ?? 0));
      const [up, down] = [at(REACH), at(-REACH)];
      const steps = Array.from({ length: points }, (_, k) => REACH * ((2 * k + 1) / points - 1));
      const gradients = await gradientsAt(steps.map(at));
      // The ends as float32 holds them, not as they were meant.
      const delta = Float64Array.from(up, (value, i) => value - (down[i] ?? 0));
      const slopes = gradients.map((g) => g.reduce((sum, v, i) => sum + v * (delta[i] ?? 0), 0));
      const [even, odd] = [0, 1].map((parity) => mean(slopes.filter((_, k) => k % 2 === parity)));
      const lengths = gradients.map((g) => Math.sqrt(g.reduce((sum, v) => sum + v * v, 0)));
      const scale = Math.max(mean(lengths) * 2 * REACH, 1e-30);
      if (Math.abs((even ?? 0) - (odd ?? 0)) > SLOPE_TOLERANCE * scale) {
        kinks++;
        continue;
      }
      const difference = (await mixed(up)) - (await mixed(down));
      errors.push(Math.abs(difference - mean(slopes)) / scale);
    }
  }
  await session.release();
  return { errors, kinks };
}

/** A random linear function of all outputs: one number a row to differentiate. */
function randomMixture(seed: number) {
  let weights = new Float32Array();
  return {
    mixture: (): Float32Array => weights,
    of: (b: Builder, output: Node): Node => {
      const width = sizeOf(output.shape.slice(1).map(Number));
      const random = new RandomBlock(seed, 0, 1);
      weights = Float32Array.from({ length: width }, (_, i) => random.normal(i));
      const flat = b.reshape(output, [output.shape[0] ?? 1, width]);
      return b.sum(b.mul(flat, b.floats(weights, [1, width])), [1]);
    },
  };
}

/** Gradients at many points: at once where the model takes a batch. */
function gradientRows(
  session: Session,
  name: string,
  shape: readonly number[],
  batched: boolean,
): (points: readonly Float32Array[]) => Promise<Float32Array[]> {
  const run = async (points: readonly Float32Array[]): Promise<Float32Array[]> => {
    const data = joined(points);
    const feed: Tensor = { type: 'float32', shape: [points.length, ...shape], data };
    const all = floatsOf((await session.run({ [name]: feed }))['gradient']);
    const size = sizeOf(shape);
    return points.map((_, k) => all.slice(k * size, (k + 1) * size));
  };
  if (batched) return run;
  return async (points) => {
    const each: Float32Array[] = [];
    for (const point of points) each.push(...(await run([point])));
    return each;
  };
}

function effortFor({ graph, parameters }: Model) {
  const values = graph.nodes.reduce(
    (sum, { shape }) => sum + sizeOf(shape.map((dim) => (typeof dim === 'number' ? dim : 1))),
    parameters,
  );
  return values > LARGE_MODEL ? FEW : MANY;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
