/**
 * Linear classifiers of random weights, and the distance of the nearest break in closed form or by bisection over
 * radii of the exact least margin in ball ∩ box: the oracle of searches for the nearest break.
 */
import * as ort from 'onnxruntime-node';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import type { Rows } from '../../src/threats/ball.ts';

export const FEATURES = 30;
export const ROWS = 9;
const FAR = 1e30;
const random = new RandomBlock(11, 0, 0);
export const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.uniform(5000 + i));
export const weightsOf = (classes: number): Float32Array =>
  Float32Array.from({ length: classes * FEATURES }, (_, i) => random.normal(100 * classes + i));

/** Scores W·x of rows; a slope of 0 makes a classifier that nothing can break. */
export async function linear(
  weights: Float32Array,
  classes: number,
  slope = 1,
): Promise<Classifier> {
  const b = new Builder();
  const input = b.input('x', [BATCH, FEATURES]);
  const matrix = b.constant(floats(weights, [classes, FEATURES]));
  const tilt = b.floats(
    Float32Array.from({ length: classes }, (_, k) => (slope === 0 && k === 0 ? 1 : 0)),
    [1, classes],
  );
  const scores = b.add(b.mul(b.matMul(input, matrix, { transB: true }), slope), tilt);
  return openClassifier(
    readModel(writeModel(b.graph({ scores }))),
    ortRuntime(ort, { name: 'onnxruntime-node' }),
  );
}

export function scoresOf(weights: Float32Array, classes: number, row: number): number[] {
  return Array.from({ length: classes }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) {
      sum += (weights[k * FEATURES + i] ?? 0) * (x[row * FEATURES + i] ?? 0);
    }
    return sum;
  });
}

export function rowsFor(weights: Float32Array, classes: number, radius = FAR): Rows {
  const labels = Int32Array.from({ length: ROWS }, (_, row) => {
    const scores = scoresOf(weights, classes, row);
    return scores.indexOf(Math.max(...scores));
  });
  return {
    count: ROWS,
    x,
    labels,
    radii: new Float64Array(ROWS).fill(radius),
    streams: Array.from({ length: ROWS }, (_, i) => i),
  };
}

/** How much a·δ can rise within ball ∩ rooms: the definition of each norm, solved without its code. */
function rise(norm: string, a: readonly number[], room: readonly number[], radius: number): number {
  const order = a.map((_, i) => i).sort((p, q) => (a[q] ?? 0) - (a[p] ?? 0));
  if (norm === 'linf') {
    return a.reduce((sum, slope, i) => sum + slope * Math.min(radius, room[i] ?? 0), 0);
  }
  if (norm === 'l1') {
    let [left, gained] = [radius, 0];
    for (const i of order) {
      const part = Math.min(left, room[i] ?? 0);
      gained += part * (a[i] ?? 0);
      left -= part;
    }
    return gained;
  }
  const at = (t: number): number[] => a.map((slope, i) => Math.min(t * slope, room[i] ?? 0));
  if (norm === 'l0') {
    const gains = a.map((slope, i) => slope * (room[i] ?? 0)).sort((p, q) => q - p);
    return gains.slice(0, Math.floor(radius)).reduce((sum, gain) => sum + gain, 0);
  }
  let [low, high] = [0, 1e6];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (Math.hypot(...at(middle)) > radius) high = middle;
    else low = middle;
  }
  return at(low).reduce((sum, value, i) => sum + value * (a[i] ?? 0), 0);
}

/** The distance of the nearest break of a row, Infinity where the box holds none. */
export function exact(
  norm: string,
  weights: Float32Array,
  classes: number,
  row: number,
  clip: readonly [number, number] | null,
): number {
  const scores = scoresOf(weights, classes, row);
  const label = scores.indexOf(Math.max(...scores));
  const distances = scores.map((score, rival) => {
    if (rival === label) return Infinity;
    const a: number[] = [];
    const room: number[] = [];
    for (let i = 0; i < FEATURES; i++) {
      const slope = (weights[rival * FEATURES + i] ?? 0) - (weights[label * FEATURES + i] ?? 0);
      const value = x[row * FEATURES + i] ?? 0;
      a.push(Math.abs(slope));
      room.push(clip ? (slope > 0 ? clip[1] - value : value - clip[0]) : 1e9);
    }
    const margin = (scores[label] ?? 0) - score;
    let [low, high] = [0, 1e4];
    if (rise(norm, a, room, high) < margin) return Infinity;
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (rise(norm, a, room, middle) < margin) low = middle;
      else high = middle;
    }
    return high;
  });
  return Math.min(...distances);
}
