// Scores that end in steps: searches that pass them straight through see what is compared, whose order is the
// file's; what the file itself answers has no slope.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { defaultPlan } from '../../src/audit/plan.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { marginProgram } from '../../src/attacks/programs.ts';
import { pgd } from '../../src/attacks/pgd.ts';
import { slopesAt } from '../../src/diagnose/slopes.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { endsFlat, endsInSteps } from '../../src/runtime/before-steps.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { runRows } from '../../src/runtime/rows.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, integers } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';
import { onnxFile, weights } from '../onnx/hand-made.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
const [FEATURES, CLASSES, ROWS] = [5, 3, 24];
const W = new RandomBlock(3, 0, 0);
const w = Float32Array.from({ length: FEATURES * CLASSES }, (_, i) => W.normal(i));

type End = (b: Builder, z: Node) => Node;

const greatest = (b: Builder, z: Node): Node => b.maximum(z, [1], true);
const column = (b: Builder, z: Node, k: number): Node => b.slice(z, 1, k, k + 1);

function fileOf(end: End): Uint8Array {
  const b = new Builder();
  const x = b.input('x', [BATCH, FEATURES]);
  return writeModel(b.graph({ scores: end(b, b.matMul(x, b.floats(w, [FEATURES, CLASSES]))) }));
}

const argMax = onnxFile({
  opset: 17,
  inputs: { x: ['n', FEATURES] },
  outputs: ['y'],
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] },
    { op: 'ArgMax', inputs: ['z'], outputs: ['k'], attributes: { axis: 1, keepdims: 0 } },
    { op: 'OneHot', inputs: ['k', 'depth', 'values'], outputs: ['y'], attributes: { axis: 1 } },
  ],
  initializers: {
    w: floats(w, [FEATURES, CLASSES]),
    depth: integers([CLASSES], [1]),
    values: floats([0, 1], [2]),
  },
});

const ends: Readonly<Record<string, Uint8Array>> = {
  'one where the greatest is reached': fileOf((b, z) =>
    b.where(b.greaterOrEqual(z, greatest(b, z)), 1, 0),
  ),
  'whether each is the greatest': fileOf((b, z) => b.equal(z, greatest(b, z))),
  'what is not less than the greatest': fileOf((b, z) =>
    b.greater(0.5, b.greater(greatest(b, z), z)),
  ),
  'a chain of comparisons': fileOf((b, z) => {
    const ahead = (k: number, of: number): Node => b.greater(column(b, z, k), column(b, z, of));
    const both = (k: number): Node => b.mul(ahead(k, (k + 1) % 3), ahead(k, (k + 2) % 3));
    return b.concat([both(0), both(1), both(2)], 1);
  }),
  'how many it is ahead of': fileOf((b, z) => {
    const [rows, columns] = [b.reshape(z, [BATCH, 3, 1]), b.reshape(z, [BATCH, 1, 3])];
    return b.sum(b.greater(rows, columns), [2]);
  }),
  'the sign of its distance': fileOf((b, z) => b.sign(b.sub(z, greatest(b, z)))),
  'a softmax of steps': fileOf((b, z) =>
    b.push('softmax', [b.mul(b.equal(z, greatest(b, z)), 10)], { axis: 1 }),
  ),
  'a code word of comparisons': fileOf((b, z) => {
    const next = b.gather(z, 1, [1, 2, 0]);
    const code = b.floats([1, -1, 0, 0, 1, -1, -1, 0, 1], [3, 3]);
    return b.matMul(b.greater(z, next), code);
  }),
  'a code word of signs': fileOf((b, z) => {
    const next = b.gather(z, 1, [1, 2, 0]);
    const code = b.floats([1, -1, 0, 0, 1, -1, -1, 0, 1], [3, 3]);
    return b.matMul(b.sign(b.sub(z, next)), code);
  }),
  'a slope that is cut off': fileOf((b, z) =>
    b.push('clip', [b.mul(b.add(b.sub(z, greatest(b, z)), 1e-3), 1e5)], { min: -1, max: 1 }),
  ),
  'a log-softmax that is held above a number': fileOf((b, z) =>
    b.max(b.push('logSoftmax', [b.mul(z, 1e6)], { axis: 1 }), -40),
  ),
  'the position of the greatest as one of a row': argMax,
};

const random = new RandomBlock(8, 0, 0);
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.normal(i));
const scoreOf = (row: number, k: number): number =>
  Array.from({ length: FEATURES }).reduce<number>(
    (sum, _, i) => sum + (x[row * FEATURES + i] ?? 0) * (w[i * CLASSES + k] ?? 0),
    0,
  );
const labels = Int32Array.from({ length: ROWS }, (_, row) => {
  const all = Array.from({ length: CLASSES }, (__, k) => scoreOf(row, k));
  return all.indexOf(Math.max(...all));
});
const streams = Array.from(labels, (_, i) => i);
const rows = { count: ROWS, x, labels, radii: new Float64Array(ROWS).fill(1), streams };

test.each(Object.entries(ends))('%s: order and slope of what is compared', async (_, bytes) => {
  const threat = linf({ eps: 1 });
  const blind = await openClassifier(readModel(bytes), runtime);
  const seeing = await openClassifier(readModel(bytes), runtime, { straightThrough: true });
  try {
    const { predictions } = await blind.judge(x, streams);
    expect(Array.from(predictions)).toEqual(Array.from(labels));
    const context = { threat, seed: 0 };
    const none = await slopesAt({ ...context, classifier: blind }, rows);
    expect(none.every((value) => value === 0)).toBe(true);
    const feeds = { x: { data: x, shape: [FEATURES] }, labels: { data: labels, shape: [] } };
    const { margin, scores = [] } = await runRows(seeing, await marginProgram(seeing), feeds, ROWS);
    expect(margin?.every((value) => value > 0)).toBe(true);
    expect(Array.from(scores).every(Number.isFinite)).toBe(true);
    const slopes = await slopesAt({ ...context, classifier: seeing }, rows);
    for (let row = 0; row < ROWS; row++) {
      const own = slopes.subarray(row * FEATURES, (row + 1) * FEATURES);
      expect(own.some((value) => value !== 0)).toBe(true);
    }
  } finally {
    await blind.release();
    await seeing.release();
  }
});

test.each(Object.entries(ends))('%s: an attack on what is compared breaks it', async (_, bytes) => {
  const classifier = await openClassifier(readModel(bytes), runtime, { straightThrough: true });
  const { samples } = await audit({
    model: classifier.model,
    classifier,
    runtime,
    data: { x: floats(x, [ROWS, FEATURES]), y: Array.from(labels) },
    threat: linf({ eps: 0.5 }),
    radii: false,
    proofs: false,
    plan: {
      ...defaultPlan(),
      noise: null,
      attacks: [pgd({ loss: 'margin', steps: 20, restarts: 1 })],
    },
  });
  await classifier.release();
  // In ℓ∞ the margin of two linear scores is |(w_y − w_k)·x| / ‖w_y − w_k‖₁.
  const broken = streams.filter((row) =>
    [0, 1, 2].some((k) => {
      const y = labels[row] ?? 0;
      const lead = scoreOf(row, y) - scoreOf(row, k);
      const length = Array.from({ length: FEATURES }).reduce<number>(
        (sum, __, i) => sum + Math.abs((w[i * CLASSES + y] ?? 0) - (w[i * CLASSES + k] ?? 0)),
        0,
      );
      return k !== y && lead < 0.499 * length;
    }),
  ).length;
  expect(broken).toBeGreaterThan(4);
  const found = samples.filter(({ verdict }) => verdict === 'falsified').length;
  expect(found).toBeGreaterThanOrEqual(broken - 1);
});

test('a switch inside the network, and scores without steps, stay as they are', async () => {
  const open = async (end: End): Promise<readonly [flat: boolean, steps: boolean]> => {
    const classifier = await openClassifier(readModel(fileOf(end)), runtime);
    await classifier.release();
    return [endsFlat(classifier), endsInSteps(classifier)];
  };
  expect(await open((_, z) => z)).toEqual([false, false]);
  expect(await open((b, z) => b.mul(z, b.greater(z, 0)))).toEqual([false, false]);
  expect(await open((b, z) => b.matMul(b.relu(z), b.constant(weights(3, 3))))).toEqual([
    false,
    false,
  ]);
  expect(await open((b, z) => b.relu(z))).toEqual([true, false]);
  expect(await open((b, z) => b.push('round', [z], {}))).toEqual([true, true]);
});
