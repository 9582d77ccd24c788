/**
 * `inspect --check`: whether the model, as read, computes what ONNX Runtime computes from the file.
 * All outputs on random inputs, many rows at once against one by one; and random directional derivatives
 * against differences of the file, with what cannot be compared left out and counted.
 */
import {
  AGREEMENT,
  type FixedRows,
  type Model,
  type Runtime,
  STEPPED_AGREEMENT,
  writeModel,
} from '@glacis/core';
import type { DirectionErrors, LeftOut } from './directions.ts';
import { valuesOf } from './effort.ts';
import { beforeEntrance, entranceOf } from './entrance.ts';
import { gradientErrors, isTooLarge, REASONS, stepOps, verdictOn } from './gradients.ts';
import { type Layout, layoutOf, randomPoints } from './points.ts';
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
  /** Directions along which the function's own differences settle on another slope. */
  readonly disagreeing: number;
  /**
   * false: outputs or derivatives disagree. null: the outputs agree, and there are derivatives, none of
   * which could be compared, or too few disagree to tell; nothing is shown to be wrong, nor to be right.
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
/** Outputs are then all there is to agree on, or derivatives agree to be zero. */
const NOTHING_TO_COMPARE: ReadonlySet<Unchecked> = new Set(['no real input', 'only steps', 'flat']);

export async function checkModel(
  model: Model,
  runtime: Runtime,
  { seed, fixed = {} }: CheckOptions,
): Promise<CheckResult> {
  const layout = layoutOf(model, fixed);
  const valuesPerRow = valuesOf(model.graph);
  const rows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_VALUES / layout.size)));
  const entrance = await entranceOf(layout, runtime);
  const usual = randomPoints(layout, rows, seed);
  const points = entrance ? beforeEntrance(entrance, usual) : usual;
  const of = (who: 'original' | 'derived', bytes: Uint8Array): Promise<Evaluation> =>
    openEvaluation(layout, runtime, bytes, { who, valuesPerRow });
  const original = await of('original', model.bytes);
  const derived = await of('derived', writeModel(model.graph));
  // Outputs are to agree on any inputs, those that no data are like included.
  const looked = entrance ? mixed(points, usual, layout.size) : usual;
  const outputMaxError = await outputError(layout, original, derived, looked);
  // Differences of a float16 file are mostly rounding: its graph, just compared with it, has them clean.
  const function32 = model.precision === 'float16' ? derived : original;
  const found = await gradientErrors(layout, runtime, function32, {
    probes: { usual, points, entrance },
    seed,
    valuesPerRow,
  });
  await original.release();
  await derived.release();
  const { errors, leftOut, onlySteps } = found;
  const lost = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
  const disagreeing = errors.filter(isTooLarge).length;
  const steps = stepOps(model);
  const outputTolerance = toleranceFor(model);
  const unchecked = errors.length > 0 ? null : whyUnchecked(layout, onlySteps, leftOut);
  const gradients =
    unchecked === null
      ? verdictOn(disagreeing, errors.length)
      : NOTHING_TO_COMPARE.has(unchecked) || null;
  return {
    outputMaxError,
    outputTolerance,
    gradientMaxError: Math.max(0, ...errors),
    gradientChecked: errors.length > 0,
    gradientUnchecked: unchecked,
    disagreeing,
    passed: outputMaxError <= outputTolerance && gradients,
    rows,
    directions: errors.length + lost,
    kinks: lost,
    leftOut,
    steps,
  };
}

/** ONNX Runtime fuses quantised layers, and computes them in whole numbers. */
function toleranceFor({ precision, operators }: Model): number {
  const quantised = operators.has('QuantizeLinear');
  return Math.max(AGREEMENT[precision], quantised ? STEPPED_AGREEMENT : 0);
}

/** Rows of the one and of the other in turn. */
function mixed(one: Float32Array, other: Float32Array, size: number): Float32Array {
  return one.map((value, i) => (Math.floor(i / size) % 4 < 2 ? value : (other[i] ?? 0)));
}

function whyUnchecked(
  { model, parts }: Layout,
  onlySteps: boolean,
  leftOut: DirectionErrors['leftOut'],
): Unchecked {
  if (!parts.some(({ real }) => real)) return 'no real input';
  if (onlySteps) return 'only steps';
  if (isVast(model.graph)) return 'too many operations';
  return REASONS.reduce((most, kind) => (leftOut[kind] > leftOut[most] ? kind : most));
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
