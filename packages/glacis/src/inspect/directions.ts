/**
 * Gradients against central differences of the original file, along random directions. A network of
 * many ReLUs has a kink almost everywhere one looks, at steps large enough for float32. So the
 * difference over a short segment is compared with the mean of the derivative along it, which is the
 * same number for any continuous function. The longest segment is taken on which that mean is settled
 * (the derivative jumps little enough); where there is none, or the difference drowns in float32's rounding,
 * the direction is left out and counted.
 */
import {
  Builder,
  type Graph,
  gradientWith,
  inputNodes,
  type Model,
  type Node,
  RandomBlock,
  replayLowered,
  type Runtime,
  type Session,
  sizeOf,
  writeModel,
} from '@glacis/core';
import { feedsOf, type Layout } from './points.ts';
import { numbersOf } from './rows.ts';

/** Points [count × size] → an output, row by row. */
export type Evaluate = (points: Float32Array, count: number) => Promise<Float64Array>;

export const SLOPE_TOLERANCE = 1e-3;

/** Half the segment's length, in units of a standard normal direction. */
const REACHES = [1.6e-2, 4e-3, 2e-3, 1e-3];
/** Points along the segment, and directions a row: fewer where a model computes many elements. */
const [MANY, FEW] = [
  { points: 256, directions: 8 },
  { points: 64, directions: 1 },
];
/** The mean counts as settled when its error is at most this share of the tolerance. */
const SETTLED = 0.5;
/** A first look at a segment, and how far from settled it may be. */
const [COARSE_POINTS, COARSE_FACTOR] = [32, 6];
/** Relative error of a score's evaluation, in the order of magnitude. */
const EVALUATION_ERROR = { float16: 2 ** -10, float32: 2 ** -23, float64: 2 ** -23 } as const;
const LARGE_MODEL = 2e6;

export interface DirectionErrors {
  /** Relative to the gradient's length, for each direction kept. */
  readonly errors: readonly number[];
  readonly kinks: number;
}

/** Nothing is checked where no input is real-valued. */
export async function checkGradient(
  layout: Layout,
  runtime: Runtime,
  rows: Float32Array,
  count: number,
  original: Evaluate,
  seed: number,
): Promise<DirectionErrors> {
  const { model, size, parts } = layout;
  const real = parts.filter((part) => part.real);
  if (real.length === 0) return { errors: [], kinks: 0 };
  const { graph, weights } = mixtureGradient(layout, seed);
  const session = await runtime.session(writeModel(graph));
  const gradientsAt = gradientRows(session, layout);
  const mixed = async (x: Float32Array): Promise<{ value: number; size: number }> => {
    const terms = Array.from(await original(x, 1), (score, i) => score * (weights[i] ?? 0));
    const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
    return { value: sum(terms), size: sum(terms.map(Math.abs)) };
  };
  const { points, directions } = effortFor(model);
  const errors: number[] = [];
  let kinks = 0;
  for (let row = 0; row < count; row++) {
    const x = rows.slice(row * size, (row + 1) * size);
    for (let draw = 0; draw < directions; draw++) {
      const random = new RandomBlock(seed, row, 2 + draw);
      const direction = new Float32Array(size);
      for (const { start, end } of real) {
        for (let i = start; i < end; i++) direction[i] = random.normal(i);
      }
      const segment = await settledSegment({ x, direction, points, gradientsAt });
      if (!segment) {
        kinks++;
        continue;
      }
      const [up, down] = [await mixed(segment.up), await mixed(segment.down)];
      if (
        Math.max(up.size, down.size) * EVALUATION_ERROR[model.precision] >
        SLOPE_TOLERANCE * segment.scale
      )
        kinks++;
      else errors.push(Math.abs(up.value - down.value - segment.mean) / segment.scale);
    }
  }
  await session.release();
  return { errors, kinks };
}

interface Segment {
  /** Its ends, as float32 holds them. */
  readonly up: Float32Array;
  readonly down: Float32Array;
  /** What the function gains along it, by the mean of the derivative. */
  readonly mean: number;
  /** The gradient's length times the segment's, in the units of a typical direction. */
  readonly scale: number;
}

interface Probe {
  readonly x: Float32Array;
  readonly direction: Float32Array;
  readonly points: number;
  readonly gradientsAt: (points: readonly Float32Array[]) => Promise<Float32Array[]>;
}

async function settledSegment(probe: Probe): Promise<Segment | null> {
  for (const reach of REACHES) {
    const coarse = await segmentOf(probe, reach, COARSE_POINTS);
    if (coarse.gap > COARSE_FACTOR * SLOPE_TOLERANCE * coarse.scale) continue;
    const fine = await segmentOf(probe, reach, probe.points);
    if (fine.gap <= SETTLED * SLOPE_TOLERANCE * fine.scale) return fine;
  }
  return null;
}

/** `gap`: about the most by which the mean is wrong, from how the derivative jumps along it. */
async function segmentOf(
  { x, direction, gradientsAt }: Probe,
  reach: number,
  points: number,
): Promise<Segment & { readonly gap: number }> {
  const at = (t: number): Float32Array => x.map((value, i) => value + t * (direction[i] ?? 0));
  const [up, down] = [at(reach), at(-reach)];
  const steps = Array.from({ length: points }, (_, k) => reach * ((2 * k + 1) / points - 1));
  const gradients = await gradientsAt(steps.map(at));
  const delta = Float64Array.from(up, (value, i) => value - (down[i] ?? 0));
  const gains = gradients.map((g) => g.reduce((sum, v, i) => sum + v * (delta[i] ?? 0), 0));
  const jumps = gains.slice(1).map((gain, k) => gain - (gains[k] ?? 0));
  const lengths = gradients.map((g) => Math.sqrt(g.reduce((sum, v) => sum + v * v, 0)));
  const scale = Math.max(mean(lengths) * 2 * reach, 1e-30);
  // Each jump between two points may be anywhere between them: errors of random sign.
  const gap = Math.hypot(...jumps) / (2 * points);
  return { up, down, mean: mean(gains), scale, gap };
}

/**
 * A random linear function of the first output, one number a row, differentiated with respect to every
 * real-valued input.
 */
function mixtureGradient(
  { model: { graph }, parts }: Layout,
  seed: number,
): { graph: Graph; weights: Float32Array } {
  const b = new Builder();
  const copies = replayLowered(b, graph, new Map(), ['gradient']);
  const output = copies.get(graph.outputs[0]?.id ?? -1);
  if (!output) throw new RangeError('the output was not copied');
  const width = sizeOf(output.shape.slice(1).map(Number));
  const random = new RandomBlock(seed, 0, 1);
  const weights = Float32Array.from({ length: width }, (_, i) => random.normal(i));
  const flat = b.reshape(output, [output.shape[0] ?? 1, width]);
  const value = b.sum(b.mul(flat, b.floats(weights, [1, width])), [1]);
  const names = new Set(parts.filter(({ real }) => real).map(({ port }) => port.name));
  const inputs = inputNodes(graph).filter(({ attributes }) => names.has(attributes.name));
  const at = inputs.flatMap(({ id }) => copies.get(id) ?? []);
  const gradients = gradientWith(b, value, at);
  const outputs = inputs.map(({ attributes }, i) => [
    `gradient of ${attributes.name}`,
    gradients[i] ?? value,
  ]);
  return { graph: b.graph(Object.fromEntries(outputs) as Record<string, Node>), weights };
}

/** Gradients at many points: at once where the model takes a batch. */
function gradientRows(
  session: Session,
  layout: Layout,
): (points: readonly Float32Array[]) => Promise<Float32Array[]> {
  const { size, parts, model } = layout;
  const run = async (points: readonly Float32Array[]): Promise<Float32Array[]> => {
    const packed = new Float32Array(points.length * size);
    points.forEach((point, k) => packed.set(point, k * size));
    const found = await session.run(feedsOf(layout, packed, points.length, 'derived'));
    const gradients = points.map(() => new Float32Array(size));
    for (const { port, start, end, real } of parts) {
      if (!real) continue;
      const all = numbersOf(found[`gradient of ${port.name}`]);
      const width = end - start;
      gradients.forEach((gradient, k) =>
        gradient.set(all.subarray(k * width, (k + 1) * width), start),
      );
    }
    return gradients;
  };
  if (model.batched) return run;
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
