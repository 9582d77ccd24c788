/** Transposed convolutions of images of one place, which are written as products of matrices where they are that. */
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';

const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

test.each([
  { what: 'the whole kernel', dilation: 1, expected: [2, 4, 6] },
  { what: 'a dilated kernel, of which the image ends first', dilation: 2, expected: [2, 0, 4] },
])('$what', async ({ dilation, expected }) => {
  const b = new Builder();
  const y = b.input('y', [BATCH, 1, 1, 1]);
  const image = b.push('convTranspose', [y, b.floats([1, 2, 3], [1, 1, 1, 3])], {
    strides: [1, 1],
    padBefore: [0, 0],
    padAfter: [0, 2 * (dilation - 1)],
    dilations: [1, dilation],
    groups: 1,
    size: [1, 3],
  });
  const session = await runtime.session(writeModel(b.graph({ image })));
  const data = Float32Array.of(2);
  const results = await session.run({ y: { type: 'float32', shape: [1, 1, 1, 1], data } });
  expect([...(results['image']?.data ?? [])]).toEqual(expected);
  await session.release();
});
