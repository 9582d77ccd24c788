/** Files of `ai.onnx.ml` operators, as scikit-learn's converter writes them. */
import { integers } from '../../src/tensor/tensor.ts';
import { type Case, one } from './hand-made.ts';

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

export const classicalCases: readonly Case[] = [
  one('ai.onnx.ml.Scaler', 'of every feature', {
    x: ['n', 4],
    attributes: { offset: { floats: [1, 2, 3, 4] }, scale: { floats: [0.5, 2, -1, 3] } },
  }),
  one('ai.onnx.ml.Scaler', 'of all features alike', {
    attributes: { offset: { floats: [0.5] }, scale: { floats: [2] } },
  }),
  ...['L1', 'L2'].map((norm) => one('ai.onnx.ml.Normalizer', norm, { attributes: { norm } })),
  one('ai.onnx.ml.LinearRegressor', 'of two targets', {
    x: ['n', 4],
    attributes: {
      coefficients: { floats: coefficients.slice(0, 8) },
      intercepts: { floats: [0.1, -0.2] },
      targets: 2,
    },
  }),
  one('ai.onnx.ml.LinearRegressor', 'of one target without an intercept', {
    x: ['n', 4],
    attributes: { coefficients: { floats: coefficients.slice(4, 8) } },
  }),
  one('ai.onnx.ml.ArrayFeatureExtractor', 'of chosen features', {
    x: ['n', 4],
    operands: { chosen: integers([3, 0, 3]) },
  }),
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
  ...['NONE', 'SOFTMAX', 'LOGISTIC'].map((transform) => classifier(transform, 15)),
];
