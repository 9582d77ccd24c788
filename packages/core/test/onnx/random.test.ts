// Random operators become inputs of the graph and of the judged file, and the model says that it draws.
import { expect, test } from 'vitest';
import { ModelError } from '../../src/onnx/model-error.ts';
import { readAgain, readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import { type Attribute, type FileSpec, onnxFile } from './hand-made.ts';

function noisy(op: string, attributes: Readonly<Record<string, Attribute>>): FileSpec {
  return {
    opset: 17,
    inputs: { x: [op.endsWith('Like') ? 'n' : 1, 3] },
    outputs: ['y'],
    nodes: [
      { op, inputs: op.endsWith('Like') ? ['x'] : [], outputs: ['noise'], attributes },
      { op: 'Add', inputs: ['x', 'noise'], outputs: ['y'] },
    ],
  };
}

const number = (float: number): Attribute => ({ float });

test.each([
  ['RandomNormalLike', { mean: number(0.5), scale: number(2) }, 'normal', 0.5, 2],
  ['RandomUniformLike', { low: number(-1), high: number(3) }, 'uniform', -1, 4],
  ['RandomNormal', { shape: [1, 3], mean: number(0.5) }, 'normal', 0.5, 1],
  ['RandomUniform', { shape: [1, 3] }, 'uniform', 0, 1],
] as const)(
  '%s is an input of that distribution',
  async (op, attributes, kind, location, scale) => {
    const model = readModel(onnxFile(noisy(op, attributes)));
    expect(model.random).toMatchObject([{ name: 'noise', kind, location, scale }]);
    expect(model.inputs.map(({ name }) => name)).toEqual(['x', 'noise']);
    // Numbers that every sample of a batch would share make a model that takes one sample at a time.
    expect(model.batched).toBe(op.endsWith('Like'));
    const feeds = { x: floats([1, 2, 3], [1, 3]), noise: floats([0.25, -1, 4], [1, 3]) };
    const expected = floats([1.25, 1, 7], [1, 3]);
    expectAllclose((await runOnnx(model.bytes, feeds))['y'], expected);
    expectAllclose((await runOnnx(writeModel(model.graph), feeds))['y'], expected);
    expect(readAgain(model, { rowByRow: true }).random).toEqual(model.random);
  },
);

test('random numbers inside a branch or a function are refused', () => {
  const inner = { op: 'RandomNormalLike', inputs: ['x'], outputs: ['r'] };
  const branch = { nodes: [inner], outputs: ['r'] };
  const attributes = { then_branch: { graph: branch }, else_branch: { graph: branch } };
  const file = onnxFile({
    opset: 17,
    inputs: { x: ['n', 3] },
    outputs: ['y'],
    nodes: [{ op: 'If', inputs: ['yes'], outputs: ['y'], attributes }],
    initializers: { yes: { type: 'bool', shape: [], data: Uint8Array.of(1) } },
  });
  expect(() => readModel(file)).toThrow(ModelError);
  expect(() => readModel(file)).toThrow(/main graph only/);
});
