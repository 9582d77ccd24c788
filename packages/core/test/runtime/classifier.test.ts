// A model is opened against its own file: what mixes rows is run row by row, what is no classifier is
// refused, and answers are those of the original file.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { answerFor, judgementOf } from '../../src/runtime/judgement.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

function fileOf(build: (b: Builder, x: Node) => Node): Uint8Array {
  const b = new Builder();
  return writeModel(b.graph({ scores: build(b, b.input('x', [BATCH, 3])) }));
}

test('a model whose rows influence each other is judged row by row', async () => {
  const bytes = fileOf((b, x) => b.sub(x, b.expand(b.sum(x, [0], true), x.shape)));
  const classifier = await openClassifier(readModel(bytes), runtime);
  expect(classifier.model.lifted).toBe(true);
  const { scores } = await classifier.judge(Float32Array.of(1, 2, 3, 4, 5, 6), [0, 1]);
  expect(Array.from(scores)).toEqual([0, 0, 0, 0, 0, 0]);
  await classifier.release();
});

test('a model whose rows are independent runs any number at once', async () => {
  const bytes = fileOf((b, x) => b.matMul(x, b.constant(floats([1, 0, 0, 2, 3, 1], [3, 2]))));
  const classifier = await openClassifier(readModel(bytes), runtime);
  expect(classifier.model.batched).toBe(true);
  const { scores, predictions } = await classifier.judge(Float32Array.of(1, 1, 0, 0, 0, 1), [0, 1]);
  expect(Array.from(scores)).toEqual([1, 2, 3, 1]);
  expect(Array.from(predictions)).toEqual([1, 0]);
  await classifier.release();
});

test('an answer must be strictly ahead of every rival', () => {
  const scores = Float64Array.of(1, 1, 0, 2, 1, 0, Number.NaN, 1, 0);
  const judgement = judgementOf({ scores }, 3);
  expect(answerFor(judgement, 0, 0)).toBe(1);
  expect(answerFor(judgement, 1, 0)).toBe(0);
  expect(answerFor(judgement, 2, 1)).toBe(-1);
});
