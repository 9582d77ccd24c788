// A run says at how many inputs gradients, and so attacks by them, saw nothing.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { linf } from '../../src/threats/threat.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

test('inputs whose gradient is no number are counted in the notes', async () => {
  // (1/√(e¹⁰⁰ˣ), ½): e¹⁰⁰ is infinite in float32, the scores are finite, and their slope is 0·∞.
  const b = new Builder();
  const x = b.input('x', [BATCH, 1]);
  const score = b.reciprocal(b.sqrt(b.exp(b.mul(x, 100))));
  const half = b.expand(b.scalar(0.5), [BATCH, 1]);
  const model = readModel(writeModel(b.graph({ scores: b.concat([score, half], 1) })));
  const { notes } = await audit({
    model,
    runtime,
    data: { x: floats([0, 1, 1], [3, 1]), y: [0, 1, 1] },
    threat: linf({ eps: 0.001 }),
  });
  expect(notes.join(' ')).toContain('not finite at 2 of 3 inputs');
});
