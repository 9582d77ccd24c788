// A bound over float32 arithmetic is refused for a file that computes in less, wherever it is built.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { marginBoundGraph } from '../../src/bounds/margin-graph.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';

test('a float16 file gets bounds over the reals only', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 2]);
  const scores = b.matMul(x, b.constant(floats([1, 2, 3, 4], [2, 2])));
  const model = readModel(writeModel(b.graph({ scores })));
  const classifier = await openClassifier(model, ortRuntime(ort, { name: 'onnxruntime-node' }));
  const half = { ...classifier, model: { ...classifier.model, precision: 'float16' as const } };
  const threat = linf({ eps: 0.1 });
  expect(() => marginBoundGraph(half, threat, 'float32')).toThrow(/--semantics real/);
  expect(marginBoundGraph(half, threat, 'real').outputs).toHaveLength(2);
  expect(marginBoundGraph(classifier, threat, 'float32').outputs).toHaveLength(2);
  await classifier.release();
});
