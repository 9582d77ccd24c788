/**
 * Two-class models of few features with a known margin φ(w·x): how φ bends decides which attack finds the break
 * and which does not. All inputs lie at w·x = 1 (or −1, mirrored), and w has ℓ1 length 1, so that ℓ∞ moves of ε
 * change w·x by ε at most.
 */
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { randomWeights, runtime } from '../attacks/linear-model.ts';

export const ROWS = 40;

/** Builds the margin from t = w·x, [batch, 1]. */
export type Bend = (b: Builder, t: Node, x: Node) => Node;

/** w of ℓ1 length 1. */
export function unitWeights(features: number): Float32Array {
  const w = randomWeights(features);
  const length = w.reduce((sum, value) => sum + Math.abs(value), 0);
  return w.map((value) => value / length);
}

/** Piecewise linear through these points (ascending), straight on beyond its ends, by ReLUs. */
export function through(points: readonly (readonly [t: number, value: number])[]): Bend {
  return (b, t) => {
    const slopes = points.slice(1).map(([end, value], i) => {
      const [start = 0, before = 0] = points[i] ?? [];
      return (value - before) / (end - start);
    });
    const [first, value] = points[0] ?? [0, 0];
    let sum = b.add(b.mul(b.sub(t, first), slopes[0] ?? 0), value);
    slopes.slice(1).forEach((slope, i) => {
      const bend = slope - (slopes[i] ?? 0);
      sum = b.add(sum, b.mul(b.relu(b.sub(t, points[i + 1]?.[0] ?? 0)), bend));
    });
    return sum;
  };
}

/** Scores [φ(w·x), 0] behind `head`; `before` comes before w. */
export function bent(
  w: Float32Array,
  bend: Bend,
  {
    before = (_, x) => x,
    head = (_, scores) => scores,
  }: {
    readonly before?: (b: Builder, x: Node) => Node;
    readonly head?: (b: Builder, scores: Node) => Node;
  } = {},
): Promise<Classifier> {
  const b = new Builder();
  const x = b.input('x', [BATCH, w.length]);
  const t = b.matMul(before(b, x), b.constant(floats(w, [w.length, 1])));
  const margin = bend(b, t, x);
  const scores = head(b, b.concat([margin, b.mul(margin, 0)], 1));
  return openClassifier(readModel(writeModel(b.graph({ scores }))), runtime);
}

/** Rows with w·x = 1, all of class 0. */
export function rowsAtOne(w: Float32Array) {
  const x = new Float32Array(ROWS * w.length);
  const square = w.reduce((sum, value) => sum + value * value, 0);
  for (let row = 0; row < ROWS; row++) {
    const random = new RandomBlock(9, row, 0);
    const own = x.subarray(row * w.length, (row + 1) * w.length);
    own.forEach((_, k) => (own[k] = random.uniform(k)));
    const dot = own.reduce((sum, value, k) => sum + value * (w[k] ?? 0), 0);
    own.forEach((value, k) => (own[k] = value + ((1 - dot) * (w[k] ?? 0)) / square));
  }
  return { x: floats(x, [ROWS, w.length]), y: new Array<number>(ROWS).fill(0) };
}
