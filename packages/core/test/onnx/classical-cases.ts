/** Files of `ai.onnx.ml` operators, as scikit-learn's converter writes them. */
import { floats, integers } from '../../src/tensor/tensor.ts';
import { type Attribute, type Case, one } from './hand-made.ts';

const coefficients = [0.5, -1, 2, 0.25, 1, 1, -0.5, -0.25, -1.5, 0, 0.75, 1];

/** Scores of a classifier whose label is an output too, behind a cast. */
function classifier(post_transform: string, opset: number): Case {
  return {
    what: `LinearClassifier: ${post_transform}`,
    opset,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [
      {
        op: 'ai.onnx.ml.LinearClassifier',
        inputs: ['x'],
        outputs: ['label', 'scores'],
        attributes: {
          coefficients: { floats: coefficients },
          intercepts: { floats: [0.1, -0.2, 0.3] },
          classlabels_ints: [0, 1, 2],
          multi_class: 1,
          post_transform,
        },
      },
      { op: 'Cast', inputs: ['label'], outputs: ['answer'], attributes: { to: 1 } },
      {
        op: 'ai.onnx.ml.Normalizer',
        inputs: ['scores'],
        outputs: ['y'],
        attributes: { norm: 'L1' },
      },
    ],
  };
}

/** A classifier of four features whose labels are not asked for. */
const scored = (
  op: string,
  what: string,
  attributes: Readonly<Record<string, Attribute>>,
): Case => ({
  what: `${op}: ${what}`,
  opset: 17,
  inputs: { x: ['n', 4] },
  outputs: ['y'],
  nodes: [{ op: `ai.onnx.ml.${op}`, inputs: ['x'], outputs: ['label', 'y'], attributes }],
});

const transforms = ['NONE', 'SOFTMAX', 'LOGISTIC'];

const oneRow = transforms.map((post_transform) =>
  scored('LinearClassifier', `one row for two labels, ${post_transform}`, {
    coefficients: { floats: coefficients.slice(0, 4) },
    intercepts: { floats: [0.1] },
    classlabels_ints: [0, 1],
    post_transform,
  }),
);

const regressors = transforms.flatMap((post_transform) =>
  [1, 3].map((targets) =>
    one('ai.onnx.ml.LinearRegressor', `${targets} targets, ${post_transform}`, {
      x: ['n', 4],
      attributes: {
        coefficients: { floats: coefficients.slice(0, 4 * targets) },
        intercepts: { floats: [0.1, -0.2, 0.3].slice(0, targets) },
        targets,
        post_transform,
      },
    }),
  ),
);

/** γ, the offset and the degree. */
const kernels: readonly (readonly [string, readonly number[]])[] = [
  ['LINEAR', [0, 0, 0]],
  ['RBF', [0.5, 0, 0]],
  ['POLY', [0.5, 0.25, 3]],
  ['POLY', [0.5, 0.25, 2]],
  ['SIGMOID', [0.5, 0.25, 0]],
];

const named = ([kernel_type, [gamma = 0, offset = 0, degree = 0]]: (typeof kernels)[number]) => ({
  kernel_type,
  kernel_params: { floats: [gamma, offset, degree] },
});

const supportVectors = kernels.flatMap((kernel) => [
  one('ai.onnx.ml.SVMRegressor', kernel.join(), {
    x: ['n', 4],
    attributes: {
      ...named(kernel),
      n_supports: 3,
      support_vectors: { floats: coefficients },
      coefficients: { floats: [0.5, -1, 0.75] },
      rho: { floats: [0.2] },
    },
  }),
  ...transforms.map((post_transform) =>
    scored('SVMClassifier', `two classes, ${kernel.join()}, ${post_transform}`, {
      ...named(kernel),
      support_vectors: { floats: coefficients },
      vectors_per_class: [1, 2],
      coefficients: { floats: [0.5, -1, 0.75] },
      rho: { floats: [0.2] },
      classlabels_ints: [0, 1],
      post_transform,
    }),
  ),
  ...transforms.map((post_transform) =>
    scored('SVMClassifier', `three classes, ${kernel.join()}, ${post_transform}`, {
      ...named(kernel),
      support_vectors: { floats: [...coefficients, 0.3, -0.3, 0.9, -0.6] },
      vectors_per_class: [1, 2, 1],
      coefficients: { floats: [0.5, -1, 0.75, 0.2, -0.4, 0.6, 1.1, -0.9] },
      rho: { floats: [0.2, -0.1, 0.4] },
      classlabels_strings: { texts: ['a', 'b', 'c'] },
      post_transform,
    }),
  ),
]);

const withoutVectors = [
  one('ai.onnx.ml.SVMRegressor', 'coefficients of the features', {
    x: ['n', 4],
    attributes: {
      ...named(['LINEAR', [0, 0, 0]]),
      n_supports: 0,
      coefficients: { floats: coefficients.slice(0, 4) },
      rho: { floats: [0.2] },
    },
  }),
  one('ai.onnx.ml.SVMRegressor', 'one class', {
    x: ['n', 4],
    attributes: {
      ...named(['RBF', [0.5, 0, 0]]),
      n_supports: 3,
      one_class: 1,
      support_vectors: { floats: coefficients },
      coefficients: { floats: [0.5, -1, 0.75] },
      rho: { floats: [-0.1] },
    },
  }),
  scored('SVMClassifier', 'coefficients of the features', {
    ...named(['LINEAR', [0, 0, 0]]),
    coefficients: { floats: coefficients },
    rho: { floats: [0.2] },
    classlabels_ints: [0, 1, 2],
    post_transform: 'SOFTMAX',
  }),
];

/** Labels that a file makes of scores: positions, pieces of a list, texts. */
const labelled: Case = {
  what: 'labels of a network, which are not read',
  opset: 17,
  inputs: { x: ['n', 4] },
  outputs: ['y'],
  nodes: [
    { op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 1 } },
    { op: 'ArgMax', inputs: ['y'], outputs: ['position'], attributes: { axis: 1 } },
    {
      op: 'ai.onnx.ml.ArrayFeatureExtractor',
      inputs: ['classes', 'position'],
      outputs: ['picked'],
    },
    { op: 'Cast', inputs: ['picked'], outputs: ['whole'], attributes: { to: 7 } },
    {
      op: 'ai.onnx.ml.LabelEncoder',
      inputs: ['whole'],
      outputs: ['label'],
      attributes: { keys_int64s: [3, 5, 7, 9], values_int64s: [0, 1, 2, 3] },
    },
    { op: 'Reshape', inputs: ['label', 'flat'], outputs: ['answer'] },
  ],
  initializers: { classes: integers([3, 5, 7, 9]), flat: integers([-1]) },
};

/** One of several categories of a rounded feature. */
const categories: Case = {
  what: 'OneHotEncoder: whole numbers',
  opset: 17,
  inputs: { x: ['n', 4] },
  outputs: ['y'],
  nodes: [
    { op: 'Round', inputs: ['x'], outputs: ['rounded'] },
    { op: 'Cast', inputs: ['rounded'], outputs: ['whole'], attributes: { to: 7 } },
    {
      op: 'ai.onnx.ml.OneHotEncoder',
      inputs: ['whole'],
      outputs: ['y'],
      attributes: { cats_int64s: [-1, 0, 2], zeros: 1 },
    },
  ],
};

export const classicalCases: readonly Case[] = [
  one('ai.onnx.ml.Scaler', 'of every feature', {
    x: ['n', 4],
    attributes: { offset: { floats: [1, 2, 3, 4] }, scale: { floats: [0.5, 2, -1, 3] } },
  }),
  one('ai.onnx.ml.Scaler', 'of all features alike', {
    attributes: { offset: { floats: [0.5] }, scale: { floats: [2] } },
  }),
  ...['L1', 'L2', 'MAX'].map((norm) =>
    one('ai.onnx.ml.Normalizer', norm, { attributes: { norm } }),
  ),
  one('ai.onnx.ml.Binarizer', 'a threshold', { attributes: { threshold: { float: 0.25 } } }),
  one('ai.onnx.ml.Imputer', 'of what is no number', {
    attributes: {
      imputed_value_floats: { floats: [1, 2, 3, 4] },
      replaced_value_float: { float: Number.NaN },
    },
  }),
  {
    what: 'Imputer: of powers that are no numbers',
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [
      { op: 'Pow', inputs: ['x', 'exponents'], outputs: ['powers'] },
      {
        op: 'ai.onnx.ml.Imputer',
        inputs: ['powers'],
        outputs: ['y'],
        attributes: {
          imputed_value_floats: { floats: [1, 2, 3, 4] },
          replaced_value_float: { float: Number.NaN },
        },
      },
    ],
    initializers: { exponents: floats([0.5, 2.3, 0.9, 1.5]) },
  },
  {
    what: 'Imputer: of zeros',
    opset: 17,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['positive'] },
      {
        op: 'ai.onnx.ml.Imputer',
        inputs: ['positive'],
        outputs: ['y'],
        attributes: {
          imputed_value_floats: { floats: [1, 2, 3, 4] },
          replaced_value_float: { float: 0 },
        },
      },
    ],
  },
  one('ai.onnx.ml.ArrayFeatureExtractor', 'some features', {
    x: ['n', 4],
    operands: { at: integers([2, 0, 2]) },
  }),
  {
    what: 'FeatureVectorizer: two inputs',
    opset: 17,
    inputs: { x: ['n', 4], z: ['n', 2] },
    outputs: ['y'],
    nodes: [
      {
        op: 'ai.onnx.ml.FeatureVectorizer',
        inputs: ['x', 'z'],
        outputs: ['y'],
        attributes: { inputdimensions: [4, 2] },
      },
    ],
  },
  categories,
  labelled,
  ...oneRow,
  ...regressors,
  ...supportVectors,
  ...withoutVectors,
  {
    what: 'ArrayFeatureExtractor: names of classes beside scores',
    opset: 15,
    inputs: { x: ['n', 4] },
    outputs: ['y'],
    nodes: [
      { op: 'Softmax', inputs: ['x'], outputs: ['y'], attributes: { axis: 1 } },
      { op: 'ArgMax', inputs: ['y'], outputs: ['best'], attributes: { axis: 1 } },
      {
        op: 'ai.onnx.ml.ArrayFeatureExtractor',
        inputs: ['classes', 'best'],
        outputs: ['name'],
      },
      { op: 'Cast', inputs: ['name'], outputs: ['label'], attributes: { to: 7 } },
    ],
    initializers: { classes: integers([3, 5, 7, 9]) },
  },
  ...transforms.map((transform) => classifier(transform, 15)),
];
