/**
 * Files of decision trees: every kind of node, ways to add up, and what ONNX Runtime makes of one or two
 * classes' weights. Inputs are drawn between −1 and 1, thresholds among them.
 */
import { Draw } from '../generators/draw.ts';
import { floats, tensor } from '../../src/tensor/tensor.ts';
import { type Attribute, type Case, one } from './hand-made.ts';

const FEATURES = 4;

/** A tree as nested splits, or a leaf's weights by target. */
export type TreeSpec =
  | { readonly leaf: Readonly<Record<number, number>> }
  | {
      readonly mode: string;
      readonly feature: number;
      readonly value: number;
      readonly yes: TreeSpec;
      readonly no: TreeSpec;
    };

interface Row {
  readonly tree: number;
  readonly node: number;
  readonly mode: string;
  readonly feature: number;
  readonly value: number;
  readonly yes: number;
  readonly no: number;
  readonly weights: Readonly<Record<number, number>>;
}

function rowsOf(spec: TreeSpec, tree: number, rows: Row[], own: { next: number }): number {
  const node = own.next++;
  if ('leaf' in spec) {
    const nothing = { feature: 0, value: 0, yes: 0, no: 0 };
    rows.push({ tree, node, mode: 'LEAF', ...nothing, weights: spec.leaf });
    return node;
  }
  const at = rows.length;
  const { mode, feature, value } = spec;
  const row = { tree, node, mode, feature, value, weights: {} };
  rows.push({ ...row, yes: 0, no: 0 });
  const yes = rowsOf(spec.yes, tree, rows, own);
  rows[at] = { ...row, yes, no: rowsOf(spec.no, tree, rows, own) };
  return node;
}

/** The attributes of an ensemble's nodes and leaves. */
export function treeAttributes(
  trees: readonly TreeSpec[],
  prefix: 'class' | 'target',
): Record<string, Attribute> {
  const rows: Row[] = [];
  trees.forEach((tree, i) => rowsOf(tree, i, rows, { next: 0 }));
  const weights = rows.flatMap(({ tree, node, weights: own }) =>
    Object.entries(own).map(([id, weight]) => ({ tree, node, id: Number(id), weight })),
  );
  return {
    nodes_treeids: rows.map(({ tree }) => tree),
    nodes_nodeids: rows.map(({ node }) => node),
    nodes_featureids: rows.map(({ feature }) => feature),
    nodes_modes: { texts: rows.map(({ mode }) => mode) },
    nodes_values: { floats: rows.map(({ value }) => value) },
    nodes_truenodeids: rows.map(({ yes }) => yes),
    nodes_falsenodeids: rows.map(({ no }) => no),
    [`${prefix}_treeids`]: weights.map(({ tree }) => tree),
    [`${prefix}_nodeids`]: weights.map(({ node }) => node),
    [`${prefix}_ids`]: weights.map(({ id }) => id),
    [`${prefix}_weights`]: { floats: weights.map(({ weight }) => weight) },
  };
}

const draw = new Draw(23);
const modes = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ'].map((name) => `BRANCH_${name}`);

/** A random tree whose leaves weigh some targets, between the ends given. */
function grown(depth: number, mode: string, targets: readonly number[], least: number): TreeSpec {
  if (depth === 0) {
    return { leaf: Object.fromEntries(targets.map((id) => [id, draw.real(least, 1)])) };
  }
  const [feature, value] = [draw.integer(0, FEATURES - 1), draw.real(-0.8, 0.8)];
  const yes = grown(depth - 1, mode, targets, least);
  const no = grown(draw.integer(0, depth - 1), mode, targets, least);
  return { mode, feature, value, yes, no };
}

const forest = (targets: readonly number[], least: number): TreeSpec[] =>
  [4, 2, 0, 3].map((depth) => grown(depth, 'BRANCH_LEQ', targets, least));

/** On features that are −1, 0 or 1, so that every condition meets its threshold now and then. */
const onWholeNumbers: Case = {
  what: 'TreeEnsembleRegressor: conditions of every kind on whole numbers',
  opset: 17,
  inputs: { x: ['n', FEATURES] },
  outputs: ['y'],
  nodes: [
    { op: 'Round', inputs: ['x'], outputs: ['whole'] },
    {
      op: 'ai.onnx.ml.TreeEnsembleRegressor',
      inputs: ['whole'],
      outputs: ['y'],
      attributes: {
        ...treeAttributes(
          modes.flatMap((mode) =>
            [-1, 0, 1].map((value, feature) => ({
              mode,
              feature,
              value,
              yes: { leaf: { 0: draw.real(-1, 1) } },
              no: { mode, feature: 3, value, yes: { leaf: { 0: 2 } }, no: { leaf: { 0: -3 } } },
            })),
          ),
          'target',
        ),
        n_targets: 1,
      },
    },
  ],
};

const regressor = (
  what: string,
  trees: readonly TreeSpec[],
  targets: number,
  attributes: Readonly<Record<string, Attribute>> = {},
): Case =>
  one('ai.onnx.ml.TreeEnsembleRegressor', what, {
    x: ['n', FEATURES],
    attributes: { ...treeAttributes(trees, 'target'), n_targets: targets, ...attributes },
  });

function classifier(
  what: string,
  trees: readonly TreeSpec[],
  labels: Attribute,
  attributes: Readonly<Record<string, Attribute>> = {},
): Case {
  const name = typeof labels === 'object' && 'texts' in labels ? 'strings' : 'int64s';
  return {
    what: `TreeEnsembleClassifier: ${what}`,
    opset: 17,
    inputs: { x: ['n', FEATURES] },
    outputs: ['y'],
    nodes: [
      {
        op: 'ai.onnx.ml.TreeEnsembleClassifier',
        inputs: ['x'],
        outputs: ['label', 'y'],
        attributes: {
          ...treeAttributes(trees, 'class'),
          [`classlabels_${name}`]: labels,
          ...attributes,
        },
      },
    ],
  };
}

const transforms = ['NONE', 'LOGISTIC', 'SOFTMAX'];

/** Two classes: weights for one of them or both, all positive or not, with or without a base value. */
const twoClasses = [[0], [1], [0, 1]].flatMap((targets) =>
  [0, -1].flatMap((least) =>
    [[], [0.3]].flatMap((base) =>
      transforms.map((post_transform) =>
        classifier(
          `weights of ${targets.join(' and ')} from ${least}, base [${base.join()}], ${post_transform}`,
          forest(targets, least),
          [0, 1],
          { post_transform, ...(base.length > 0 ? { base_values: { floats: base } } : {}) },
        ),
      ),
    ),
  ),
);

/** Numbers in tensors instead of lists. */
function inTensors(trees: readonly TreeSpec[]): Case {
  const listed = treeAttributes(trees, 'target');
  const attributes = Object.entries(listed).map(([name, value]): [string, Attribute] =>
    typeof value === 'object' && 'floats' in value
      ? [`${name}_as_tensor`, { tensor: floats(value.floats) }]
      : [name, value],
  );
  return one('ai.onnx.ml.TreeEnsembleRegressor', 'numbers in tensors', {
    x: ['n', FEATURES],
    attributes: { ...Object.fromEntries(attributes), n_targets: 1 },
  });
}

/** TreeEnsemble: two trees of nodes of every kind. */
function newer(what: string, aggregate_function: number): Case {
  return one('ai.onnx.ml.TreeEnsemble', what, {
    x: ['n', FEATURES],
    attributes: {
      n_targets: 1,
      aggregate_function,
      tree_roots: [0, 2],
      nodes_modes: { tensor: tensor('uint8', [6], Uint8Array.of(0, 1, 2, 3, 4, 5)) },
      nodes_splits: { tensor: floats([0.2, -0.3, 0.1, 0.4, -0.5, 0.6]) },
      nodes_featureids: [0, 1, 2, 3, 0, 1],
      nodes_truenodeids: [1, 0, 3, 3, 5, 6],
      nodes_trueleafs: [0, 1, 0, 1, 0, 1],
      nodes_falsenodeids: [2, 1, 4, 4, 5, 7],
      nodes_falseleafs: [1, 1, 0, 1, 1, 1],
      leaf_targetids: [0, 0, 0, 0, 0, 0, 0, 0],
      leaf_weights: { tensor: floats([0.5, -1, 2, 0.25, -0.75, 1.5, -2, 3]) },
    },
  });
}

export const treeCases: readonly Case[] = [
  ...modes.map((mode) => regressor(mode, [grown(4, mode, [0], -1)], 1)),
  regressor(
    'conditions of every kind',
    modes.map((mode) => grown(3, mode, [0], -1)),
    1,
  ),
  onWholeNumbers,
  regressor('one leaf', [{ leaf: { 0: 0.25 } }], 1),
  ...['SUM', 'AVERAGE', 'MIN', 'MAX'].flatMap((aggregate_function) => [
    regressor(`${aggregate_function} of one target`, forest([0], -1), 1, {
      aggregate_function,
      base_values: { floats: [0.5] },
    }),
    regressor(`${aggregate_function} of three targets`, forest([0, 1, 2], -1), 3, {
      aggregate_function,
      base_values: { floats: [0.5, -1, 2] },
    }),
  ]),
  ...transforms.flatMap((post_transform) => [
    regressor(`one target, ${post_transform}`, forest([0], -1), 1, { post_transform }),
    regressor(`two targets, ${post_transform}`, forest([0, 1], -1), 2, { post_transform }),
    classifier(`three classes, ${post_transform}`, forest([0, 1, 2], -1), [0, 1, 2], {
      post_transform,
      base_values: { floats: [0.1, 0.2, -0.3] },
    }),
  ]),
  classifier(
    'a tree for each class',
    [0, 1, 2].map((id) => grown(3, 'BRANCH_LT', [id], -1)),
    { texts: ['low', 'mid', 'high'] },
  ),
  ...twoClasses,
  newer('SUM', 1),
  newer('MAX', 3),
  inTensors([grown(2, 'BRANCH_LEQ', [0], -1)]),
];
