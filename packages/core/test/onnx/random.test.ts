// Random operators become inputs of the graph and of the judged file, and the model says that it draws.
import { describe, expect, test } from 'vitest';
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
    // Numbers that every sample of a batch would share make a file that takes one sample at a time.
    expect(model.lifted).toBe(!op.endsWith('Like'));
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

describe('a Dropout in training mode', () => {
  const ratio = 0.25;
  const dropout = (outputs: readonly string[], opset = 13): FileSpec => ({
    opset,
    inputs: { x: ['n', 200] },
    outputs: ['y'],
    nodes: [
      { op: 'Dropout', inputs: ['x', 'ratio', 'training'], outputs: ['d', ...outputs] },
      { op: 'Neg', inputs: ['d'], outputs: ['y'] },
    ],
    initializers: {
      ratio: floats([ratio], []),
      training: { type: 'bool', shape: [], data: Uint8Array.of(1) },
    },
  });
  const x = floats(new Float32Array(200).fill(3), [1, 200]);
  const numbers = ({ y }: Awaited<ReturnType<typeof runOnnx>>): number[] =>
    Array.from(y?.data ?? [], Number);

  test('drops what ONNX Runtime drops: as many, and scales the rest alike', async () => {
    const model = readModel(onnxFile(dropout([])));
    expect(model.notes.join(' ')).toContain('training mode, with 1 Dropout');
    const [drawn] = model.random;
    expect(drawn).toMatchObject({ kind: 'uniform', location: 0, scale: 1 });
    const own = Float32Array.from({ length: 200 }, (_, i) => (i * 0.618) % 1);
    const feeds = { x, [drawn?.name ?? '']: floats(own, [1, 200]) };
    const expected = floats(
      own.map((u) => (u >= ratio ? Math.fround(-3 / (1 - ratio)) : -0)),
      [1, 200],
    );
    expectAllclose((await runOnnx(model.bytes, feeds))['y'], expected);
    expectAllclose((await runOnnx(writeModel(model.graph), feeds))['y'], expected);
    const runtimes = numbers(await runOnnx(onnxFile(dropout([])), { x }));
    const values = (list: Iterable<number>): number[] =>
      [...new Set(list)].map(Math.abs).sort((p, q) => p - q);
    expect(values(runtimes)).toEqual(values(expected.data));
    const share = runtimes.filter((value) => value === 0).length / 200;
    expect(Math.abs(share - ratio)).toBeLessThan(0.15);
  });

  test('without a draw of its own is refused, with what to do', () => {
    const inner = dropout([]);
    const branch = { nodes: inner.nodes.slice(0, 1), outputs: ['d'] };
    const attributes = { then_branch: { graph: branch }, else_branch: { graph: branch } };
    const file = onnxFile({
      ...inner,
      nodes: [{ op: 'If', inputs: ['training'], outputs: ['y'], attributes }],
    });
    expect(() => readModel(file)).toThrow(/main graph only: export for inference/);
  });

  test('with a ratio that leaves nothing is refused', () => {
    const { initializers, ...file } = dropout([]);
    const broken = { ...file, initializers: { ...initializers, ratio: floats([1], []) } };
    expect(() => readModel(onnxFile(broken))).toThrow(/ratio 1 is not in/);
  });
});
