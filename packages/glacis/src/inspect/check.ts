/**
 * `inspect --check`: whether the model, as read, computes what ONNX Runtime computes from the file.
 * Outputs on random inputs, many rows at once against one by one; and random directional derivatives
 * against central differences, kinks left out and counted.
 */
import {
  definitionOf,
  inputNodes,
  type Model,
  RandomBlock,
  type Runtime,
  sizeOf,
  type Tensor,
  writeModel,
} from '@glacis/core';
import { UsageError } from '../errors.ts';
import { checkGradient, type Evaluate, SLOPE_TOLERANCE } from './directions.ts';
import { floatsOf, joined } from './rows.ts';

export interface CheckResult {
  /** Greatest difference of an output, relative to the row's greatest output. */
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

const ROWS = 8;
const [OUTPUT_TOLERANCE, KEPT_SHARE] = [1e-4, 0.99];

export async function checkModel(
  model: Model,
  runtime: Runtime,
  seed: number,
): Promise<CheckResult> {
  const [input, ...others] = inputNodes(model.graph);
  if (!input || others.length > 0) {
    throw new UsageError('--check needs a model with exactly one input.');
  }
  const shape = input.shape.slice(1).map(Number);
  const size = sizeOf(shape);
  const rows = randomRows(size, seed);
  const original = await runtime.session(model.bytes);
  const derived = await runtime.session(writeModel(model.graph));
  const [inputName, output] = [input.attributes.name, model.graph.outputs[0]?.name ?? ''];
  const alone: Evaluate = async (data, count) => {
    const rowShape = model.batchAxis ? [1, ...shape] : shape;
    const results: Float32Array[] = [];
    for (let row = 0; row < count; row++) {
      const one = data.slice(row * size, (row + 1) * size);
      const feed: Tensor = { type: 'float32', shape: rowShape, data: one };
      results.push(floatsOf((await original.run({ [inputName]: feed }))[output]));
    }
    return joined(results);
  };
  const together: Evaluate = async (data, count) => {
    const feed: Tensor = { type: 'float32', shape: [count, ...shape], data };
    return floatsOf((await derived.run({ [inputName]: feed }))[output]);
  };
  const expected = await alone(rows, ROWS);
  const single = await rowByRow(together, rows, ROWS, size);
  const batched = model.batched ? await together(rows, ROWS) : single;
  const outputMaxError = Math.max(
    largestError(expected, single, ROWS),
    largestError(expected, batched, ROWS),
  );
  const gradients = await checkGradient(model, runtime, { rows, count: ROWS }, alone, seed);
  await original.release();
  await derived.release();
  const { errors, kinks } = gradients;
  const within = errors.filter((error) => error <= SLOPE_TOLERANCE).length;
  return {
    outputMaxError,
    gradientMaxError: Math.max(0, ...errors),
    passed: outputMaxError <= OUTPUT_TOLERANCE && within >= KEPT_SHARE * errors.length,
    rows: ROWS,
    directions: errors.length + kinks,
    kinks,
    steps: stepOps(model),
  };
}

/** Half the rows uniform in [0, 1), as pictures are; half standard normal, as normalised data are. */
function randomRows(size: number, seed: number): Float32Array {
  const rows = new Float32Array(ROWS * size);
  for (let row = 0; row < ROWS; row++) {
    const random = new RandomBlock(seed, row, 0);
    for (let i = 0; i < size; i++) {
      rows[row * size + i] = row % 2 === 0 ? random.uniform(i) : random.normal(i);
    }
  }
  return rows;
}

function stepOps({ graph }: Model): string[] {
  const steps = graph.nodes.filter(({ op }) => definitionOf(op).kind === 'step');
  return [...new Set(steps.map(({ op, label }) => label || op))];
}

function largestError(expected: Float32Array, found: Float32Array, rows: number): number {
  const width = expected.length / rows;
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    const own = expected.subarray(row * width, (row + 1) * width);
    const scale = Math.max(1e-6, ...own.map(Math.abs));
    own.forEach((value, k) => {
      const other = found[row * width + k] ?? Number.NaN;
      const error = Object.is(value, other) ? 0 : Math.abs(value - other) / scale;
      largest = Number.isNaN(error) ? Infinity : Math.max(largest, error);
    });
  }
  return largest;
}

async function rowByRow(
  run: Evaluate,
  rows: Float32Array,
  count: number,
  size: number,
): Promise<Float32Array> {
  const results: Float32Array[] = [];
  for (let row = 0; row < count; row++) {
    results.push(await run(rows.slice(row * size, (row + 1) * size), 1));
  }
  return joined(results);
}
