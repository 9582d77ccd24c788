/** Zeros around values that may be negative are zeros, whatever ONNX Runtime makes of a pad before a maximum. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';

test('the greatest of a window at the border is at least 0', async () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 1, 4, 4]);
  const wide = b.push('pad', [x], { before: [0, 0, 1, 1], after: [0, 0, 1, 1], value: 0 });
  const y = b.push('maxPool', [wide], {
    kernel: [2, 2],
    strides: [2, 2],
    padBefore: [0, 0],
    padAfter: [0, 0],
    dilations: [1, 1],
  });
  const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });
  const session = await runtime.session(writeModel(b.graph({ y })));
  const data = new Float32Array(16).fill(-3);
  const results = await session.run({ x: { type: 'float32', shape: [1, 1, 4, 4], data } });
  expect([...(results['y']?.data ?? [])]).toEqual([0, 0, 0, 0, -3, 0, 0, 0, 0]);
  await session.release();
});
