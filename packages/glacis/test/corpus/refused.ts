/** Models of the corpus that cannot be read yet, and what each is refused for. */
export const refused: Readonly<Record<string, RegExp>> = {
  'sklearn-boosting': /TreeEnsembleClassifier .* is not supported/,
  'sklearn-forest': /TreeEnsembleClassifier .* is not supported/,
  'sklearn-logistic': /operator ai.onnx.ml.ZipMap .* is not supported/,
  'sklearn-mlp': /operator ai.onnx.ml.ZipMap .* is not supported/,
  'sklearn-svc': /SVMClassifier .* is not supported/,
  'torch-mlp-double': /input x has float64 values/,
  'torch-tokens': /input ids has int64 values/,
  'torch-tokens-old': /input ids has int64 values/,
  'torch-vit-23': /the operator Attention .* is not supported/,
};
