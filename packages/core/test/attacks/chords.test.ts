// Slopes of chords: the changes of a network's features add up to the change of its score (DeepLIFT's
// summation-to-delta), which derivatives do only over steps shorter than any bend; without a way to go they are derivatives.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chordProgram } from '../../src/attacks/chords.ts';
import { leadProgram } from '../../src/attacks/programs.ts';
import type { Builder } from '../../src/graph/builder.ts';
import type { Node } from '../../src/graph/graph.ts';
import type { Classifier } from '../../src/runtime/classifier.ts';
import { runRows } from '../../src/runtime/rows.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linearClassifier, randomWeights } from './linear-model.ts';

const [FEATURES, ROWS] = [8, 20];
const w = randomWeights(FEATURES);

/** Layers that bend: a ripple on every feature, then sigmoids, then ReLUs. */
function layers(b: Builder, x: Node): Node {
  const dense = (from: Node, seed: number): Node =>
    b.matMul(
      from,
      b.constant(floats(randomWeights(FEATURES * FEATURES, seed), [FEATURES, FEATURES])),
    );
  const rippled = b.add(x, b.mul(b.push('sin', [b.mul(x, 300)], {}), 0.05));
  const bent = b.push('sigmoid', [dense(rippled, 7)], {});
  return b.relu(dense(bent, 8));
}

let classifier: Classifier;
beforeAll(async () => {
  classifier = await linearClassifier(w, layers);
});
afterAll(() => classifier.release());

const sample = (seed: number): Float32Array => randomWeights(ROWS * FEATURES, seed);
const labels = { data: new Int32Array(ROWS), shape: [] };
const feed = (data: Float32Array) => ({ data, shape: [FEATURES] });

async function chords(x: Float32Array, near: Float32Array) {
  const feeds = { x: feed(x), near: feed(near), labels };
  const { gradient, margin } = await runRows(
    classifier,
    await chordProgram(classifier),
    feeds,
    ROWS,
  );
  return { gradient: gradient ?? new Float32Array(), margin: margin ?? new Float32Array() };
}

test('the slopes times the way add up to how far the margin falls', async () => {
  const [x, near] = [sample(1), sample(2)];
  const { gradient, margin: start } = await chords(x, near);
  const { margin: end } = await chords(near, x);
  for (let row = 0; row < ROWS; row++) {
    let sum = 0;
    for (let k = row * FEATURES; k < (row + 1) * FEATURES; k++) {
      sum += (gradient[k] ?? Number.NaN) * ((near[k] ?? 0) - (x[k] ?? 0));
    }
    expect(sum).toBeCloseTo((start[row] ?? 0) - (end[row] ?? 0), 4);
  }
});

test('of a chord without length there is the derivative', async () => {
  const x = sample(3);
  const { gradient } = await chords(x, x);
  const targets = { data: new Int32Array(ROWS).fill(-1), shape: [] };
  const program = await leadProgram(classifier);
  const { gradient: derivative = new Float32Array() } = await runRows(
    classifier,
    program,
    { x: feed(x), labels, targets },
    ROWS,
  );
  expect(gradient.length).toBe(ROWS * FEATURES);
  gradient.forEach((value, k) => expect(value).toBeCloseTo(derivative[k] ?? Number.NaN, 4));
});
