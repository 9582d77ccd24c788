// What a classifier's last operations mean: each head answers as the original file does, works on
// logits, and keeps apart what the file's own scores keep apart.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { type Node, nodeAt } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { answerFor, scoreMargin } from '../../src/runtime/judgement.ts';
import { type FileSpec, onnxFile, weights } from '../onnx/hand-made.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

function fileOf(build: (b: Builder, z: Node) => Node): Uint8Array {
  const b = new Builder();
  const x = b.input('x', [BATCH, 2]);
  // z = x0 + x1 − 1
  const z = b.sub(b.matMul(x, b.floats([1, 1], [2, 1])), 1);
  return writeModel(b.graph({ scores: build(b, z) }));
}

const sigmoid = (b: Builder, z: Node): Node => b.push('sigmoid', [z], {});

const heads = {
  'one logit': (b: Builder, z: Node) => b.mul(z, 1),
  'one logit without its axis': (b: Builder, z: Node) => b.reshape(z, [BATCH]),
  'one sigmoid': sigmoid,
  'one minus a sigmoid beside it': (b: Builder, z: Node) => {
    const p = sigmoid(b, z);
    return b.concat([b.sub(1, p), p], 1);
  },
  'two sigmoids': (b: Builder, z: Node) => sigmoid(b, b.concat([b.neg(z), z], 1)),
  'two sigmoids divided by their sum': (b: Builder, z: Node) => {
    const p = sigmoid(b, b.concat([b.neg(z), z], 1));
    return b.div(p, b.max(b.sum(b.abs(p), [1], true), 2 ** -126));
  },
  'a softmax over another shape': (b: Builder, z: Node) => {
    const both = b.reshape(b.concat([b.neg(z), z], 1), [BATCH, 2, 1]);
    return b.reshape(b.push('softmax', [both], { axis: 1 }), [BATCH, 2]);
  },
} as const;

// The distance of (0.25, 0.25) to the line x0 + x1 = 1 is 0.25 in ℓ∞.
const DISTANCE = 0.25;

test.each(Object.entries(heads))('%s: the exact margin of a linear model', async (name, build) => {
  const model = readModel(fileOf(build));
  const classifier = await openClassifier(model, runtime);
  expect(classifier.classes).toBe(2);
  const judgement = await classifier.judge(Float32Array.of(0.25, 0.25, 1, 1, 0.5, 0.5), [0, 1, 2]);
  expect(answerFor(judgement, 0, 0)).toBe(0);
  expect(answerFor(judgement, 0, 1)).toBe(0);
  expect(answerFor(judgement, 1, 1)).toBe(1);
  // On the line itself there is a tie, which counts as broken for either class.
  expect([answerFor(judgement, 2, 0), answerFor(judgement, 2, 1)]).toEqual([1, 0]);
  expect(scoreMargin(judgement, 2, 0)).toBe(0);
  const logits = nodeAt(classifier.graph, classifier.logits.id);
  expect(logits.shape).toEqual([BATCH, 2]);
  if (name !== 'one logit' && name !== 'one logit without its axis') {
    expect(classifier.notes.join(' ')).toMatch(/sigmoid|softmax/);
  }
  await classifier.release();
  const { samples } = await audit({
    model,
    runtime,
    data: { x: floats([0.25, 0.25], [1, 2]), y: [0] },
    threat: linf({ eps: 0.1 }),
  });
  expect(samples[0]?.verdict).toBe('certified');
  expect(samples[0]?.upper).toBeCloseTo(DISTANCE, 4);
  expect(samples[0]?.lower).toBeGreaterThan(DISTANCE - 1e-3);
  expect(samples[0]?.lower).toBeLessThan(samples[0]?.upper ?? 0);
});

test('several sigmoids that saturate tie, and nothing is certified there', async () => {
  // Both scores round to 1 although the logits are far apart.
  const model = readModel(fileOf((b, z) => sigmoid(b, b.concat([b.add(z, 30), b.add(z, 60)], 1))));
  const { samples } = await audit({
    model,
    runtime,
    data: { x: floats([0.25, 0.25], [1, 2]), y: [1] },
    threat: linf({ eps: 0.1 }),
  });
  expect(samples[0]?.verdict).toBe('misclassified');
});

test('an output of more axes is refused by name', async () => {
  const bytes = fileOf((b, z) => b.reshape(z, [BATCH, 1, 1, 1]));
  await expect(openClassifier(readModel(bytes), runtime)).rejects.toThrow(
    /output scores has shape \[batch, 1, 1, 1\]/,
  );
});

const mask = (b: Builder, z: Node): Node => b.greater(z, 0);

const decisions = {
  'a comparison': mask,
  'a comparison with what is less': (b: Builder, z: Node) => b.greater(0.25, b.sub(0.25, z)),
  'a comparison of a sigmoid': (b: Builder, z: Node) => b.greaterOrEqual(sigmoid(b, z), 0.5),
  'a rounded sigmoid': (b: Builder, z: Node) => b.push('round', [sigmoid(b, z)], {}),
  'a sign': (b: Builder, z: Node) => b.sign(z),
  'what is not the opposite': (b: Builder, z: Node) => b.greater(0.5, b.greaterOrEqual(0, z)),
  'a choice by a comparison': (b: Builder, z: Node) => b.where(b.greater(0, z), 0, 1),
  'one comparison and another': (b: Builder, z: Node) =>
    b.min(mask(b, z), b.greater(b.add(z, 5), 0)),
  'one comparison or another': (b: Builder, z: Node) =>
    b.max(mask(b, z), b.greater(b.sub(z, 5), 0)),
} as const;

test.each(Object.entries(decisions))(
  'a decision, %s, has the margin of what it compares',
  async (_, build) => {
    const model = readModel(fileOf(build));
    const classifier = await openClassifier(model, runtime);
    expect(classifier.notes.join(' ')).toContain('answers with a decision');
    const judgement = await classifier.judge(Float32Array.of(0.25, 0.25, 1, 1), [0, 1]);
    expect([answerFor(judgement, 0, 0), answerFor(judgement, 1, 1)]).toEqual([0, 1]);
    expect(Array.from(judgement.predictions)).toEqual([0, 1]);
    await classifier.release();
    const { samples } = await audit({
      model,
      runtime,
      data: { x: floats([0.25, 0.25, 0.75, 0.75], [2, 2]), y: [0, 1] },
      threat: linf({ eps: 0.1 }),
    });
    for (const { verdict, upper } of samples) {
      expect(verdict).toBe('certified');
      expect(upper).toBeCloseTo(DISTANCE, 4);
    }
  },
);

test.each([
  ['whether two numbers are equal', (b: Builder, z: Node) => b.equal(z, b.scalar(1))],
  ['numbers rounded down', (b: Builder, z: Node) => b.push('floor', [z], {})],
  ['other numbers by a comparison', (b: Builder, z: Node) => b.where(mask(b, z), 7, 3)],
])('%s are no scores', async (_, build) => {
  await expect(openClassifier(readModel(fileOf(build)), runtime)).rejects.toThrow(
    /output scores holds labels or whole numbers .*--output/,
  );
});

test('sigmoids that a Normalizer scales are read before it', async () => {
  const file: FileSpec = {
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] },
      { op: 'Sigmoid', inputs: ['z'], outputs: ['p'] },
      {
        op: 'ai.onnx.ml.Normalizer',
        inputs: ['p'],
        outputs: ['y'],
        attributes: { norm: 'L1' },
      },
    ],
    initializers: { w: weights(4, 3) },
  };
  const classifier = await openClassifier(readModel(onnxFile(file)), runtime);
  expect(classifier.notes.join(' ')).toContain('divided by their sum');
  expect([classifier.logits.op, classifier.proven.op]).toEqual(['matMul', 'sigmoid']);
  await classifier.release();
});
