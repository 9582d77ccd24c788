/**
 * `inspect --check`: whether the model, as read, computes what ONNX Runtime computes from the file.
 * All outputs on random inputs, many rows at once against one by one; and random directional derivatives
 * against differences of the file, with what cannot be compared left out and counted.
 */
import { type FixedRows, type Model, type Runtime, writeModel } from '@glacis/core';
import { type Derivative, openDerivative, stepsBetween } from './derivative.ts';
import {
  checkDirections,
  type DirectionErrors,
  type DirectionsAsked,
  type LeftOut,
  NONE,
} from './directions.ts';
import { effortFor, harder, valuesOf } from './effort.ts';
import { type Layout, layoutOf, randomPoints } from './points.ts';
import { SLOPE_TOLERANCE } from './segment.ts';
import { type Evaluation, isVast, openEvaluation, type Outputs } from './sessions.ts';

export interface CheckResult {
  /** Greatest difference of an output, relative to that output's greatest number in the row. */
  readonly outputMaxError: number;
  /** The most it may be. */
  readonly outputTolerance: number;
  /** Greatest difference of a compared directional derivative, relative to the gradient's length. */
  readonly gradientMaxError: number;
  /** Whether any directional derivative was compared. */
  readonly gradientChecked: boolean;
  /** Why none was; null where some were. */
  readonly gradientUnchecked: Unchecked | null;
  /**
   * false: outputs or derivatives disagree. null: the outputs agree, and there are derivatives, none of
   * which could be compared; nothing is wrong, and nothing is shown.
   */
  readonly passed: boolean | null;
  readonly rows: number;
  readonly directions: number;
  /** Directions left out, of all kinds. */
  readonly kinks: number;
  readonly leftOut: DirectionErrors['leftOut'];
  /** Step ops on the way, whose derivative is zero by definition. */
  readonly steps: readonly string[];
}

/**
 * No real-valued input; nothing but steps between it and the outputs; more operations than a derivative is
 * prepared for; else what most were lost to.
 */
export type Unchecked = 'no real input' | 'only steps' | 'too many operations' | LeftOut;

export interface CheckOptions {
  readonly seed: number;
  /** Values of inputs that stay as they are; of the others they are drawn. */
  readonly fixed?: Readonly<Record<string, FixedRows>>;
}

const [FEWEST_ROWS, MOST_ROWS] = [2, 8];
/** Values of all rows together, of which some copies are in memory. */
const MOST_VALUES = 2e7;
/** Of points at which something may be compared where nothing can be at the usual ones. */
const SCALES = [30, 1000, 0.1];
const [OUTPUT_TOLERANCE, KEPT_SHARE] = [1e-4, 0.99];
/** Outputs are then all there is to agree on, or derivatives agree to be zero. */
const NOTHING_TO_COMPARE: ReadonlySet<Unchecked> = new Set(['no real input', 'only steps', 'flat']);
/** A float16 file rounds every value to 11 bits. */
const HALF_TOLERANCE = 3e-2;

export async function checkModel(
  model: Model,
  runtime: Runtime,
  { seed, fixed = {} }: CheckOptions,
): Promise<CheckResult> {
  const layout = layoutOf(model, fixed);
  const valuesPerRow = valuesOf(model.graph);
  const rows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_VALUES / layout.size)));
  const points = randomPoints(layout, rows, seed);
  const of = (who: 'original' | 'derived', bytes: Uint8Array): Promise<Evaluation> =>
    openEvaluation(layout, runtime, bytes, { who, valuesPerRow });
  const original = await of('original', model.bytes);
  const derived = await of('derived', writeModel(model.graph));
  const outputMaxError = await outputError(layout, original, derived, points);
  // Differences of a float16 file are mostly rounding: its graph, just compared with it, has them clean.
  const function32 = model.precision === 'float16' ? derived : original;
  const found = await gradientErrors(layout, runtime, function32, { points, seed, valuesPerRow });
  await original.release();
  await derived.release();
  const { errors, leftOut, onlySteps } = found;
  const lost = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
  const within = errors.filter((error) => error <= SLOPE_TOLERANCE).length;
  const steps = stepOps(model);
  const outputTolerance = model.precision === 'float16' ? HALF_TOLERANCE : OUTPUT_TOLERANCE;
  const unchecked = errors.length > 0 ? null : whyUnchecked(layout, onlySteps, leftOut);
  return {
    outputMaxError,
    outputTolerance,
    gradientMaxError: Math.max(0, ...errors),
    gradientChecked: errors.length > 0,
    gradientUnchecked: unchecked,
    passed:
      outputMaxError <= outputTolerance && within >= KEPT_SHARE * errors.length
        ? unchecked === null || NOTHING_TO_COMPARE.has(unchecked) || null
        : false,
    rows,
    directions: errors.length + lost,
    kinks: lost,
    leftOut,
    steps,
  };
}

function whyUnchecked(
  { model, parts }: Layout,
  onlySteps: boolean,
  leftOut: DirectionErrors['leftOut'],
): Unchecked {
  if (!parts.some(({ real }) => real)) return 'no real input';
  if (onlySteps) return 'only steps';
  if (isVast(model.graph)) return 'too many operations';
  const kinds: readonly LeftOut[] = ['noise', 'jumps', 'kinks', 'flat'];
  return kinds.reduce((most, kind) => (leftOut[kind] > leftOut[most] ? kind : most));
}

async function gradientErrors(
  layout: Layout,
  runtime: Runtime,
  original: Evaluation,
  asked: { readonly points: Float32Array; readonly seed: number; readonly valuesPerRow: number },
): Promise<DirectionErrors & { readonly onlySteps: boolean }> {
  const { model, parts } = layout;
  const nothing = { errors: [], leftOut: NONE, onlySteps: false };
  if (!parts.some(({ real }) => real) || isVast(model.graph)) return nothing;
  const derivatives: Derivative[] = [];
  for (const { name } of model.graph.outputs) {
    derivatives.push(await openDerivative(layout, runtime, { ...asked, output: name }));
  }
  const onlySteps = derivatives.every(({ ways }) => ways.every((way) => way.onlySteps));
  let found: DirectionErrors = nothing;
  for (const attempt of onlySteps ? [] : attempts(layout, asked)) {
    found = await checkDirections(layout, derivatives, original, attempt);
    if (found.errors.length > 0) break;
  }
  for (const derivative of derivatives) await derivative.release();
  return { ...found, onlySteps };
}

/**
 * Where nothing can be compared: more of everything, then points nearer to zero and farther away. What
 * jumps everywhere does so at other points too.
 */
function attempts(
  layout: Layout,
  { points, seed }: { readonly points: Float32Array; readonly seed: number },
): DirectionsAsked[] {
  const effort = effortFor(layout.model);
  const count = points.length / layout.size;
  const first = { rows: points, count, seed, effort };
  const more = { ...first, effort: harder(effort) };
  if (effort.once) return [first];
  if (stepOps(layout.model).length > 0) return [first, more];
  const elsewhere = SCALES.slice(0, effort.dear ? 1 : SCALES.length).map((scale) => ({
    ...(effort.dear ? more : first),
    rows: randomPoints(layout, count, seed, scale),
  }));
  return [first, more, ...elsewhere];
}

async function outputError(
  { model, size }: Layout,
  original: Evaluation,
  derived: Evaluation,
  points: Float32Array,
): Promise<number> {
  const count = points.length / size;
  const expected = await original.oneByOne(points, count);
  const single = await derived.oneByOne(points, count);
  const batched = model.batched ? await derived.rows(points, count) : single;
  const errors = model.graph.outputs.flatMap(({ name }) =>
    [single, batched].map((found) => largestError(name, expected, found, count)),
  );
  return Math.max(0, ...errors);
}

function stepOps({ graph, inputs }: Model): string[] {
  const steps = inputs.flatMap(({ name }) =>
    graph.outputs.flatMap((output) => stepsBetween(graph, name, output.name)),
  );
  return [...new Set(steps.map(({ op, label }) => label || op))];
}

function largestError(name: string, all: Outputs, other: Outputs, rows: number): number {
  const [expected, found] = [all[name], other[name]];
  if (!expected || expected.length !== found?.length) return Infinity;
  const width = expected.length / rows;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const own = expected.subarray(row * width, (row + 1) * width);
    let scale = 1e-6;
    for (const value of own) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
    own.forEach((value, k) => {
      const near = found[row * width + k] ?? Number.NaN;
      const error = Object.is(value, near) ? 0 : Math.abs(value - near) / scale;
      largest = Number.isNaN(error) ? Infinity : Math.max(largest, error);
    });
  }
  return largest;
}
