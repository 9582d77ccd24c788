// Positions given by --set: edges of a graph, an index per model. They are constants of the model, and what is
// gathered by them is known.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomBlock, tensor } from '@glacis/core';
import { afterAll, expect, test } from 'vitest';
import {
  type FileSpec,
  ints,
  onnxFile,
  scalar,
  weights,
} from '../../../core/test/onnx/hand-made.ts';
import { writeNpz } from '../../src/data/npz.ts';
import { glacis } from './glacis.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const edges = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 2];
const edgeFile = saved(
  'edges.npz',
  writeNpz({ x: tensor('float32', [2, 6], Float32Array.from(edges)) }),
);
const nodes = 5;
const random = new RandomBlock(3, 0, 0);
const data = saved(
  'nodes.npz',
  writeNpz({
    x: tensor(
      'float32',
      [6, nodes, 4],
      Float32Array.from({ length: 6 * nodes * 4 }, (_, i) => random.normal(i)),
    ),
  }),
);

/** Messages gathered at the sources of edges, added at their targets, and averaged: a graph network. */
const messages: FileSpec = {
  opset: 18,
  inputs: { x: ['n', nodes, 4], edges: [2, 6] },
  outputs: ['y'],
  types: { edges: 'int64' },
  nodes: [
    {
      op: 'Split',
      inputs: ['edges'],
      outputs: ['first', 'second'],
      attributes: { axis: 0, num_outputs: 2 },
    },
    { op: 'Squeeze', inputs: ['first', 'front'], outputs: ['sources'] },
    { op: 'Squeeze', inputs: ['second', 'front'], outputs: ['targets'] },
    { op: 'Transpose', inputs: ['x'], outputs: ['byNode'], attributes: { perm: [1, 0, 2] } },
    { op: 'Gather', inputs: ['byNode', 'sources'], outputs: ['sent'], attributes: { axis: 0 } },
    { op: 'ReduceMean', inputs: ['sent', 'front'], outputs: ['mean'], attributes: { keepdims: 0 } },
    { op: 'Gather', inputs: ['x', 'targets'], outputs: ['received'], attributes: { axis: 1 } },
    {
      op: 'ReduceMax',
      inputs: ['received', 'middle'],
      outputs: ['most'],
      attributes: { keepdims: 0 },
    },
    { op: 'Add', inputs: ['mean', 'most'], outputs: ['both'] },
    { op: 'MatMul', inputs: ['both', 'w'], outputs: ['y'] },
  ],
  initializers: { front: ints(0), middle: ints(1), w: weights(4, 3) },
};

test('edges of a graph, fixed by a file, are known positions: checked, attacked and proven', async () => {
  const model = saved('messages.onnx', onnxFile(messages));
  const set = ['--set', `edges=${edgeFile}`];
  const checked = await glacis(['inspect', model, '--check', ...set]);
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('Check passed')]);
  expect(checked.stdout).toContain('[1, 6, 4]');
  const words = ['--data', data, '--eps', '0.1', '--workers', '1', '--json', ...set];
  const { code, stdout } = await glacis(['audit', model, ...words]);
  expect(code).toBe(0);
  for (const { lower, upper } of (
    JSON.parse(stdout) as { samples: { lower: number | null; upper: number | null }[] }
  ).samples) {
    expect(lower).toBeGreaterThan(0);
    expect(upper ?? Infinity).toBeGreaterThanOrEqual(lower ?? Infinity);
  }
});

test('one row of positions for all samples is a constant where rows of them cannot be read', async () => {
  const model = saved(
    'place.onnx',
    onnxFile({
      opset: 17,
      inputs: { x: ['n', nodes, 4], place: ['n', 1] },
      outputs: ['y'],
      types: { place: 'int64' },
      nodes: [
        {
          op: 'GatherND',
          inputs: ['x', 'place'],
          outputs: ['y'],
          attributes: { batch_dims: 1 },
        },
      ],
    }),
  );
  const place = saved('place.npz', writeNpz({ x: tensor('float32', [1, 1], Float32Array.of(2)) }));
  const found = await glacis(['inspect', model, '--check', '--set', `place=${place}`]);
  expect([found.code, found.stdout]).toEqual([0, expect.stringContaining('Check passed')]);
  const words = ['--data', data, '--eps', '0.1', '--json', '--workers', '2'];
  const attacked = await glacis(['attack', model, ...words, '--set', `place=${place}`]);
  expect(attacked.code).toBe(0);
});

test('what is wrong with an input that is fixed is not said of the input that is given', async () => {
  const model = saved(
    'outside.onnx',
    onnxFile({
      opset: 17,
      inputs: { x: ['n', 3], place: ['k'] },
      outputs: ['y'],
      types: { place: 'int64' },
      nodes: [
        { op: 'Gather', inputs: ['x', 'place'], outputs: ['g'], attributes: { axis: 1 } },
        { op: 'Add', inputs: ['g', 'one'], outputs: ['y'] },
      ],
      initializers: { one: scalar(1) },
    }),
  );
  const place = saved('far.npz', writeNpz({ x: tensor('float32', [2], Float32Array.of(0, 7)) }));
  const found = await glacis(['inspect', model, '--set', `place=${place}`]);
  expect(`${found.stdout}${found.stderr}`).not.toContain('that the input gives');
  expect(`${found.stdout}${found.stderr}`).toMatch(/7|outside/);
});
