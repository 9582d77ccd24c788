/** Decision trees: what their bounds and gradients are, and which files of them are refused. */
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { gradientOf } from '../../src/transforms/gradient.ts';
import { runOnnx } from '../onnxruntime.ts';
import { intervalGraph } from '../transforms/interval-graph.ts';
import { type Attribute, one, onnxFile } from './hand-made.ts';
import { treeAttributes, type TreeSpec } from './tree-cases.ts';

const leaf = (value: number): TreeSpec => ({ leaf: { 0: value } });
const split = (feature: number, value: number, yes: TreeSpec, no: TreeSpec): TreeSpec => ({
  mode: 'BRANCH_LEQ',
  feature,
  value,
  yes,
  no,
});

const trees = [
  split(0, 0, leaf(1), split(0, 0.5, leaf(2), leaf(4))),
  split(1, 0.25, leaf(8), leaf(16)),
];
const made = treeAttributes(trees, 'target');

function file(attributes: Readonly<Record<string, Attribute>>): Uint8Array<ArrayBuffer> {
  return onnxFile(
    one('ai.onnx.ml.TreeEnsembleRegressor', 'made', {
      x: ['n', 2],
      attributes: { n_targets: 1, ...attributes },
    }),
  );
}

test('a threshold is met exactly, and one float32 above it is beyond', async () => {
  const threshold = Math.fround(0.1);
  const ulp = 2 ** -27;
  const model = readModel(file(treeAttributes([split(0, threshold, leaf(1), leaf(2))], 'target')));
  const x = floats([threshold, 0, threshold + ulp, 0, threshold - ulp, 0], [3, 2]);
  const { y } = await runOnnx(writeModel(model.graph), { x });
  expect(Array.from(y?.data ?? [], Number)).toEqual([1, 2, 1]);
});

test('its gradient is zero', async () => {
  const { graph } = readModel(file(made));
  const program = gradientOf(graph, { of: (b, y) => b.sumRows(y), at: 'x' });
  const x = floats([0.2, 0.1, -1, 0.9], [2, 2]);
  const { gradient, value } = await runOnnx(writeModel(program), { x });
  expect(Array.from(gradient?.data ?? [], Number)).toEqual([0, 0, 0, 0]);
  expect(Array.from(value?.data ?? [], Number)).toEqual([10, 17]);
});

describe('bounds enclose what the leaves within reach add up to, as nearly as float32 allows', () => {
  const cases: readonly (readonly [
    what: string,
    box: readonly number[],
    ends: readonly number[],
  ])[] = [
    ['a box inside one cell', [0.1, 0.4, 0, 0.2], [10, 10]],
    ['a box across one threshold of the first tree', [-0.5, 0.4, 0, 0.2], [9, 10]],
    ['a box across a threshold of the second', [0.6, 0.7, 0, 1], [12, 20]],
  ];
  test.each(cases)('%s', async (_, [lowX = 0, highX = 0, lowZ = 0, highZ = 0], [low, high]) => {
    const { graph } = readModel(file(made));
    const program = writeModel(intervalGraph(graph, { output: 'y' }));
    const ends = await runOnnx(program, {
      'centre:x': floats([(lowX + highX) / 2, (lowZ + highZ) / 2], [1, 2]),
      'lower:x': floats([lowX, lowZ], [1, 2]),
      'upper:x': floats([highX, highZ], [1, 2]),
    });
    const [lower, upper] = [Number(ends['lower']?.data[0]), Number(ends['upper']?.data[0])];
    expect(Number(ends['finite']?.data[0])).toBe(1);
    expect(lower).toBeLessThanOrEqual(low ?? 0);
    expect(upper).toBeGreaterThanOrEqual(high ?? 0);
    // Two leaves of one tree that are both within reach add up: no more than that is lost.
    const slack = (high ?? 0) === (low ?? 0) ? 0.001 : 16.001;
    expect(upper - lower).toBeLessThanOrEqual((high ?? 0) - (low ?? 0) + slack);
  });
});

describe('a file of trees that means nothing is refused', () => {
  const chain = (length: number): TreeSpec =>
    Array.from({ length }).reduce<TreeSpec>(
      (below, _, i) => split(0, i, leaf(i), below),
      leaf(length),
    );
  const refused: readonly (readonly [
    what: string,
    reason: 'invalid' | 'unsupported',
    message: RegExp,
    attributes: Readonly<Record<string, Attribute>>,
  ])[] = [
    [
      'a child that is its own ancestor',
      'invalid',
      /a tree has a cycle/,
      { nodes_falsenodeids: [2, 0, 0, 0, 0, 2, 0, 0] },
    ],
    [
      'a child that does not exist',
      'invalid',
      /tree 0 has no node 9/,
      { nodes_truenodeids: [9, 0, 3, 0, 0, 1, 0, 0] },
    ],
    [
      'a node twice',
      'invalid',
      /tree 0 has two nodes 1/,
      { nodes_nodeids: [0, 1, 1, 3, 4, 0, 1, 2] },
    ],
    [
      'a tree in two places',
      'invalid',
      /the nodes of tree 0 are scattered/,
      { nodes_treeids: [0, 0, 0, 0, 0, 1, 1, 0] },
    ],
    [
      'a feature that the input does not have',
      'invalid',
      /a node asks for feature 7 of 2/,
      { nodes_featureids: [7, 0, 0, 0, 0, 1, 0, 0] },
    ],
    [
      'a weight for another target',
      'invalid',
      /a leaf has a weight for target 3 of 1/,
      { target_ids: [3, 0, 0, 0, 0] },
    ],
    [
      'a list that is too short',
      'invalid',
      /nodes_nodeids has 2 elements/,
      { nodes_nodeids: [0, 1] },
    ],
    [
      'a kind of node that is not known',
      'unsupported',
      /nodes of the mode BRANCH_MAYBE/,
      { nodes_modes: { texts: ['BRANCH_MAYBE', ...Array<string>(7).fill('LEAF')] } },
    ],
    [
      'thresholds that float32 does not hold',
      'unsupported',
      /holds numbers that float32 does not/,
      { nodes_values_as_tensor: { tensor: tensor('float64', [8], new Float64Array(8).fill(0.1)) } },
    ],
    [
      'a transformation that is not supported',
      'unsupported',
      /the transformation PROBIT/,
      { post_transform: 'PROBIT' },
    ],
    [
      'an unbalanced tree whose matrix would be too large',
      'unsupported',
      /its trees take \d+ elements as matrices.*train fewer or shallower trees/,
      treeAttributes([chain(4200)], 'target'),
    ],
  ];
  test.each(refused)('%s', (_, reason, message, attributes) => {
    const reading = (): unknown => readModel(file({ ...made, ...attributes }));
    expect(reading).toThrow(expect.objectContaining({ name: 'ModelError', reason }));
    expect(reading).toThrow(message);
  });
});

test('a tree of a thousand nodes one below the other is read', async () => {
  const length = 1000;
  const below = Array.from({ length }).reduce<TreeSpec>(
    (rest, _, i) => split(0, length - 1 - i, leaf(length - 1 - i), rest),
    leaf(length),
  );
  const { graph } = readModel(file(treeAttributes([below], 'target')));
  const x = floats([-5, 0, 499.5, 0, 2000, 0], [3, 2]);
  const { y } = await runOnnx(writeModel(graph), { x });
  expect(Array.from(y?.data ?? [], Number)).toEqual([0, 500, 1000]);
});
