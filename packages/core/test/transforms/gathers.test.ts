/** Gathers of many elements, and of few elements of long axes, cost what they hold. */
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { runOnnx } from '../onnxruntime.ts';

test('the gradient of few elements of a long axis holds no table of the axis', async () => {
  const size = 2 ** 20;
  const b = new Builder();
  const indices = [...new Array<number>(20).fill(7), size - 1];
  const graph = b.graph({ y: b.gather(b.input('x', [BATCH, size]), 1, indices) });
  const of = (c: Builder, value: Parameters<Builder['sumRows']>[0]): typeof value =>
    c.sumRows(c.mul(value, value));
  const bytes = writeModel(gradientOf(graph, { at: 'x', of }));
  expect(bytes.length).toBeLessThan(4096);
  const { gradient } = await runOnnx(bytes, {
    x: floats(new Float32Array(size).fill(0.5), [1, size]),
  });
  const slopes = Array.from(gradient?.data ?? [], Number);
  expect([slopes[7], slopes[size - 1], slopes[8]]).toEqual([20, 1, 0]);
});

test('a long list of positions is shared with itself, not compared', () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 4]);
  const list = new Array<number>(10_000).fill(3);
  const gathered = b.gather(x, 1, list);
  expect(b.gather(x, 1, list)).toBe(gathered);
  expect(b.gather(x, 1, [...list])).not.toBe(gathered);
  expect(b.gather(x, 1, [3, 1])).toBe(b.gather(x, 1, [3, 1]));
});
