/** Linear two-class models and their rows, for attacks held to closed forms. */
import * as ort from 'onnxruntime-node';
import type { Node } from '../../src/graph/graph.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime, type Runtime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats } from '../../src/tensor/tensor.ts';
import type { Rows } from '../../src/threats/ball.ts';

export const runtime: Runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

/** Scores [w·f(x), 0]; `before` is f. */
export function linearClassifier(
  w: Float32Array,
  before: (b: Builder, x: Node) => Node = (_, x) => x,
  on: Runtime = runtime,
): Promise<Classifier> {
  const b = new Builder();
  const x = b.input('x', [BATCH, w.length]);
  const score = b.matMul(before(b, x), b.constant(floats(w, [w.length, 1])));
  const model = readModel(writeModel(b.graph({ scores: b.concat([score, b.mul(score, 0)], 1) })));
  return openClassifier(model, on);
}

export function randomWeights(features: number, seed = 4): Float32Array {
  const random = new RandomBlock(seed, 0, 0);
  return Float32Array.from({ length: features }, (_, i) => random.normal(i));
}

/** Rows of [0, 1], each labelled with its own side of w·f(x) = 0. */
export function rowsOn(
  w: Float32Array,
  count: number,
  radius: number,
  before: (value: number) => number = (value) => value,
): { readonly rows: Rows; readonly margins: number[] } {
  const random = new RandomBlock(5, 0, 0);
  const x = Float32Array.from({ length: count * w.length }, (_, i) => random.uniform(i));
  const scores = Array.from({ length: count }, (_, row) =>
    w.reduce((sum, weight, i) => sum + weight * before(x[row * w.length + i] ?? 0), 0),
  );
  return {
    margins: scores.map(Math.abs),
    rows: {
      count,
      x,
      labels: Int32Array.from(scores, (score) => (score > 0 ? 0 : 1)),
      radii: new Float64Array(count).fill(radius),
      streams: Array.from({ length: count }, (_, i) => i),
    },
  };
}

/** One row of several, with its own stream. */
export function rowAlone(rows: Rows, row: number): Rows {
  const size = rows.x.length / rows.count;
  return {
    count: 1,
    x: rows.x.slice(row * size, (row + 1) * size),
    labels: rows.labels.slice(row, row + 1),
    radii: rows.radii.slice(row, row + 1),
    streams: rows.streams.slice(row, row + 1),
  };
}
