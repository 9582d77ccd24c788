// A Node Buffer is a Uint8Array whose `slice` does not copy: reading must not care.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';

test('a model in the middle of a larger Buffer is read like its own bytes', () => {
  const b = new Builder();
  const x = b.input('x', [BATCH, 2]);
  const w = b.constant(floats([1, 2, 3, 4], [2, 2]), 'w', true);
  const bytes = writeModel(b.graph({ y: b.matMul(x, w) }));
  const larger = Buffer.concat([Buffer.from([1, 2, 3]), bytes, Buffer.from([4])]);
  const model = readModel(larger.subarray(3, 3 + bytes.length));
  const weights = model.graph.nodes.find(({ op }) => op === 'constant');
  expect(weights?.op === 'constant' && Array.from(weights.attributes.tensor.data, Number)).toEqual([
    1, 2, 3, 4,
  ]);
});
