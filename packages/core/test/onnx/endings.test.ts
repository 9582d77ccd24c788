// Labels at the end of a file are opened to the scores before them, and an output can be chosen.
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { runOnnx } from '../onnxruntime.ts';
import { expectAllclose } from '../allclose.ts';
import { type FileSpec, type NodeSpec, onnxFile, weights } from './hand-made.ts';

const INT64 = 7;
const w = weights(4, 3);

function ending(nodes: readonly NodeSpec[], outputs: readonly string[]): FileSpec {
  const product = { op: 'MatMul', inputs: ['x', 'w'], outputs: ['scores'] };
  return {
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs,
    nodes: [product, ...nodes],
    initializers: { w },
    types: { label: 'int64', named: 'int64' },
  };
}

const argMax: NodeSpec = {
  op: 'ArgMax',
  inputs: ['scores'],
  outputs: ['at'],
  attributes: { axis: 1, keepdims: 0 },
};
const cast: NodeSpec = {
  op: 'Cast',
  inputs: ['at'],
  outputs: ['label'],
  attributes: { to: INT64 },
};
const zipMap: NodeSpec = {
  op: 'ai.onnx.ml.ZipMap',
  inputs: ['scores'],
  outputs: ['named'],
  attributes: { classlabels_int64s: [0, 1, 2] },
};

test.each([
  ['an ArgMax', ending([argMax, cast], ['label']), 'ArgMax'],
  ['a ZipMap', ending([zipMap], ['named']), 'ZipMap'],
  ['an ArgMax and a ZipMap', ending([argMax, cast, zipMap], ['label', 'named']), 'ZipMap'],
] as const)(
  '%s at the end gives way to the scores before it, and it is said',
  async (_, file, what) => {
    const model = readModel(onnxFile(file));
    const [output] = model.graph.outputs.map(({ name }) => name);
    // A ZipMap's own name stays.
    expect(output).toBe(what === 'ZipMap' ? 'named' : 'scores');
    expect(model.outputs[0]).toMatchObject({ type: 'float32', shape: ['batch', 3] });
    expect(model.notes.join(' ')).toContain(what);
    const x = floats([1, 2, -1, 0.5, 0, 1, 3, -2], [2, 4]);
    const product = readModel(onnxFile(ending([], ['scores'])));
    const expected = (await runOnnx(product.bytes, { x }))['scores'];
    expectAllclose((await runOnnx(model.bytes, { x }))[output ?? ''], expected);
  },
);

test('an ArgMax beside scores is left alone', () => {
  const model = readModel(onnxFile(ending([argMax, cast], ['label', 'scores'])));
  expect(model.notes).toEqual([]);
});

describe('an output by name', () => {
  const both = ending(
    [{ op: 'Relu', inputs: ['scores'], outputs: ['other'] }],
    ['scores', 'other'],
  );

  test('is the only one that is kept', () => {
    const model = readModel(onnxFile(both), { output: 'other' });
    expect(model.outputs.map(({ name }) => name)).toEqual(['other']);
  });

  test('that is a label means its scores', () => {
    const file = ending([argMax, cast], ['other', 'label']);
    const nodes = [...file.nodes, { op: 'Relu', inputs: ['x'], outputs: ['other'] }];
    const model = readModel(onnxFile({ ...file, nodes }), { output: 'label' });
    expect(model.outputs.map(({ name }) => name)).toEqual(['scores']);
  });

  test('that is not there is refused with the names of those that are', () => {
    expect(() => readModel(onnxFile(both), { output: 'none' })).toThrow(/scores, other/);
  });
});
