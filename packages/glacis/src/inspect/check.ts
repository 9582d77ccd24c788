/**
 * `inspect --check`: whether the model, as read, computes what ONNX Runtime computes from the file.
 * All outputs on random inputs, many rows at once against one by one; and random directional derivatives
 * against central differences, kinks left out and counted.
 */
import {
  definitionOf,
  type FixedRows,
  type Model,
  type Runtime,
  type Session,
  type Tensor,
  writeModel,
} from '@glacis/core';
import { UsageError } from '../errors.ts';
import { checkGradient, type Evaluate, SLOPE_TOLERANCE } from './directions.ts';
import { feedsOf, type Layout, layoutOf, randomPoints } from './points.ts';
import { joined, numbersOf } from './rows.ts';

export interface CheckResult {
  /** Greatest difference of an output, relative to that output's greatest number in the row. */
  readonly outputMaxError: number;
  /** Greatest difference of a kept directional derivative, relative to the gradient's length. */
  readonly gradientMaxError: number;
  readonly passed: boolean;
  readonly rows: number;
  readonly directions: number;
  /** Directions left out: a kink that no segment resolves, or a slope too small for float32. */
  readonly kinks: number;
  /** Step ops on the way, whose derivative is zero by definition. */
  readonly steps: readonly string[];
}

export interface CheckOptions {
  readonly seed: number;
  /** Values of inputs that stay as they are; of the others they are drawn. */
  readonly fixed?: Readonly<Record<string, FixedRows>>;
}

const ROWS = 8;
const [OUTPUT_TOLERANCE, KEPT_SHARE] = [1e-4, 0.99];
/** A float16 file rounds every value to 11 bits. */
const HALF_TOLERANCE = 3e-2;

export async function checkModel(
  model: Model,
  runtime: Runtime,
  { seed, fixed = {} }: CheckOptions,
): Promise<CheckResult> {
  const layout = layoutOf(model, fixed);
  const points = randomPoints(layout, ROWS, seed);
  const original = await runtime.session(model.bytes);
  const derived = await runtime.session(writeModel(model.graph));
  const outputs = model.graph.outputs.map(({ name }) => name);
  let outputMaxError = 0;
  for (const output of outputs) {
    const alone = evaluation(layout, original, output, 'original');
    const expected = await rowByRow(alone, points, layout.size);
    const together = evaluation(layout, derived, output, 'derived');
    const single = await rowByRow(together, points, layout.size);
    outputMaxError = Math.max(outputMaxError, largestError(expected, single, ROWS));
    if (!model.batched) continue;
    const batched = await together(points, ROWS);
    outputMaxError = Math.max(outputMaxError, largestError(expected, batched, ROWS));
  }
  const first = evaluation(layout, original, outputs[0] ?? '', 'original');
  const { errors, kinks } = await checkGradient(layout, runtime, points, ROWS, first, seed);
  await original.release();
  await derived.release();
  const within = errors.filter((error) => error <= SLOPE_TOLERANCE).length;
  const allowed = model.precision === 'float16' ? HALF_TOLERANCE : OUTPUT_TOLERANCE;
  return {
    outputMaxError,
    gradientMaxError: Math.max(0, ...errors),
    passed: outputMaxError <= allowed && within >= KEPT_SHARE * errors.length,
    rows: ROWS,
    directions: errors.length + kinks,
    kinks,
    steps: stepOps(model),
  };
}

function evaluation(
  layout: Layout,
  session: Session,
  output: string,
  who: 'original' | 'derived',
): Evaluate {
  return async (points, count) =>
    numbersOf((await run(session, feedsOf(layout, points, count, who)))[output]);
}

async function run(
  session: Session,
  feeds: Record<string, Tensor>,
): Promise<Readonly<Record<string, Tensor>>> {
  try {
    return await session.run(feeds);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UsageError(
      `--check: ONNX Runtime cannot run the model on random inputs (${reason ?? ''}); give real ones with --set NAME=FILE.`,
    );
  }
}

function stepOps({ graph }: Model): string[] {
  const steps = graph.nodes.filter(({ op }) => definitionOf(op).kind === 'step');
  return [...new Set(steps.map(({ op, label }) => label || op))];
}

function largestError(expected: Float64Array, found: Float64Array, rows: number): number {
  const width = expected.length / rows;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const own = expected.subarray(row * width, (row + 1) * width);
    let scale = 1e-6;
    for (const value of own) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
    own.forEach((value, k) => {
      const other = found[row * width + k] ?? Number.NaN;
      const error = Object.is(value, other) ? 0 : Math.abs(value - other) / scale;
      largest = Number.isNaN(error) ? Infinity : Math.max(largest, error);
    });
  }
  return largest;
}

async function rowByRow(
  evaluate: Evaluate,
  points: Float32Array,
  size: number,
): Promise<Float64Array> {
  const results: Float64Array[] = [];
  for (let start = 0; start < points.length; start += size) {
    results.push(await evaluate(points.slice(start, start + size), 1));
  }
  return joined(results);
}
