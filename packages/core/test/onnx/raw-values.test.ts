/** Weights are the file's own bytes: read without a copy where that can be, written from where they are. */
import * as fc from 'fast-check';
import { equals, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import { rawBytes, tensorOverBytes } from '../../src/onnx/raw-values.ts';
import { readModel } from '../../src/onnx/read.ts';
import { modelBytes } from '../../src/onnx/serialise.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';

/** The bytes of numbers, `offset` bytes into a buffer. */
function bytesAt(offset: number, numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const own = new Uint8Array(Float32Array.from(numbers).buffer);
  const larger = new Uint8Array(offset + own.length);
  larger.set(own, offset);
  return larger.subarray(offset);
}

describe('values over the bytes of a file', () => {
  test('share its memory where a typed array may begin there', () => {
    const raw = bytesAt(8, [1, -2, 3]);
    const { data } = tensorOverBytes('float32', [3], raw);
    expect(Array.from(data, Number)).toEqual([1, -2, 3]);
    expect(data.buffer).toBe(raw.buffer);
  });

  test('have the same elements at every offset, also under another name and when spread', () => {
    for (const offset of [0, 1, 2, 3, 4]) {
      const value = tensorOverBytes('float32', [3], bytesAt(offset, [1, -2, 3]));
      expect(Array.from({ ...value }.data, Number)).toEqual([1, -2, 3]);
      expect(value.data).toBe(value.data);
    }
  });

  test('are written from where they lie', () => {
    const raw = bytesAt(1, [1, -2, 3]);
    expect(rawBytes(tensorOverBytes('float32', [3], raw)).buffer).toBe(raw.buffer);
    const held = floats([1, 2]);
    expect(rawBytes(held).buffer).toBe(held.data.buffer);
  });

  test('a model whose weights lie at any offset is the same model', () => {
    const weights = [1, -2, 3, 0.5];
    for (const name of ['w', 'ww', 'www', 'wwww']) {
      const b = new Builder();
      const w = b.constant(floats(weights, [2, 2]), name, true);
      const file = writeModel(b.graph({ y: b.matMul(b.input('x', [BATCH, 2]), w) }));
      const { graph } = readModel(file);
      const read = graph.nodes.flatMap((node) =>
        node.op === 'constant' ? [Array.from(node.attributes.tensor.data, Number)] : [],
      );
      expect(read).toEqual([weights]);
      expect(readModel(writeModel(graph)).parameters).toBe(4);
    }
  });
});

describe('a file written in one piece', () => {
  test('is what protobuf writes, up to the order of fields', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.string(),
            width: fc.integer({ min: 0, max: 70 }),
            height: fc.integer({ min: 1, max: 70 }),
          }),
          { maxLength: 4 },
        ),
        (matrices) => {
          const b = new Builder();
          const x = b.input('x', [BATCH, 3]);
          const outputs = matrices.map(({ name, width, height }, i) => {
            const values = Array.from({ length: width * height }, (_, k) => k + i);
            return b.constant(floats(values, [width, height]), name);
          });
          const file = writeModel(
            b.graph({ x: b.neg(x), ...Object.fromEntries(outputs.entries()) }),
          );
          const proto = fromBinary(ModelProtoSchema, file);
          const before = toBinary(ModelProtoSchema, proto);
          const again = fromBinary(ModelProtoSchema, modelBytes(proto));
          expect(equals(ModelProtoSchema, again, proto)).toBe(true);
          // The message that was written is as it was.
          expect(toBinary(ModelProtoSchema, proto)).toEqual(before);
        },
      ),
      { seed: 31, numRuns: 40 },
    );
  });
});
