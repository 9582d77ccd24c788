/** Averages in front of a quantiser: means of a grid's values often lie exactly between two of its steps. */
import { expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { RandomBlock } from '../../src/tensor/random.ts';
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { load } from '../onnxruntime.ts';
import { type Attribute, onnxFile } from './hand-made.ts';

const SCALE = Math.fround(0.0173);
const image = [1, 3, 9, 10];

/** x on the grid, averaged, put on the grid again. Not fused: in whole numbers means fall otherwise. */
function quantised(attributes: Readonly<Record<string, Attribute>>): Uint8Array<ArrayBuffer> {
  const grid = ['scale', 'zero'];
  return onnxFile({
    opset: 18,
    inputs: { x: image },
    outputs: ['y'],
    nodes: [
      { op: 'QuantizeLinear', inputs: ['x', ...grid], outputs: ['q'] },
      { op: 'DequantizeLinear', inputs: ['q', ...grid], outputs: ['d'] },
      { op: 'AveragePool', inputs: ['d'], outputs: ['p'], attributes },
      { op: 'QuantizeLinear', inputs: ['p', ...grid], outputs: ['r'] },
      { op: 'DequantizeLinear', inputs: ['r', ...grid], outputs: ['y'] },
    ],
    initializers: {
      scale: floats([SCALE], []),
      zero: tensor('int8', [], Int8Array.of(3)),
    },
  });
}

test.each([
  ['as it is', { kernel_shape: [2, 2], strides: [2, 2] }],
  ['padded, pads left out', { kernel_shape: [3, 2], pads: [1, 0, 1, 1] }],
  ['padded, pads counted', { kernel_shape: [3, 2], pads: [1, 0, 1, 1], count_include_pad: 1 }],
  ['with a last window cut short', { kernel_shape: [2, 2], strides: [2, 3], ceil_mode: 1 }],
] as const)('AveragePool %s falls on the steps that the file falls on', async (_, attributes) => {
  const bytes = quantised(attributes);
  const [original, own] = [
    await load(bytes, { optimise: false }),
    await load(writeModel(readModel(bytes).graph), { optimise: false }),
  ];
  for (let row = 0; row < 8; row++) {
    const random = new RandomBlock(1, row, 0);
    const data = Float32Array.from({ length: 270 }, (_, i) => random.normal(i));
    const x = { type: 'float32', shape: image, data } as const;
    const [expected, found] = [await original.run({ x }), await own.run({ x })];
    expect(found['y']?.data).toEqual(expected['y']?.data);
  }
});
