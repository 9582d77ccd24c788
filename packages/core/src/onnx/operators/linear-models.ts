/** Linear models of `ai.onnx.ml`: a row of coefficients for each class or target. */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { labelsOf, ofBoth, transformed, untransformed } from './scores.ts';

/** x·Wᵀ + b, where the file gives as many intercepts as rows of W. */
function affine(
  c: LoweringContext,
  x: Node,
  rows: number,
  intercepts: readonly number[] | undefined,
): Node {
  const coefficients = c.floatList('coefficients') ?? [];
  const features = known(x.shape[1] ?? 0, 'features');
  if (x.shape.length !== 2 || coefficients.length !== rows * features) {
    throw c.invalid(
      `${coefficients.length} coefficients do not fit ${features} features and ${rows} rows`,
    );
  }
  const weights = c.b.constant(floats(coefficients, [rows, features]));
  const product = c.b.matMul(x, weights, { transB: true });
  return intercepts ? c.b.add(product, c.b.constant(floats(intercepts))) : product;
}

function linearClassifier(c: LoweringContext): (Node | undefined)[] {
  const labels = labelsOf(c, 'classlabels_ints');
  // ONNX Runtime counts the rows by the intercepts.
  const intercepts = c.floatList('intercepts') ?? [];
  const rows = intercepts.length;
  if (rows === 0) throw c.invalid('it needs an intercept for each row of coefficients');
  const scores = affine(c, c.real(), rows, intercepts);
  if (rows === 1 && labels === 2) return [undefined, ofBoth(c, scores, true)];
  if (rows === 1 || labels !== rows)
    throw c.invalid(`${rows} rows of coefficients do not fit ${labels} labels`);
  return [undefined, transformed(c, scores)];
}

function linearRegressor(c: LoweringContext): Node {
  const targets = c.int('targets', 1);
  const intercepts = c.floatList('intercepts');
  const used = intercepts?.length === targets ? intercepts : undefined;
  const values = affine(c, c.real(), targets, used);
  return targets === 1 ? untransformed(c, values) : transformed(c, values);
}

export const linearModels: Readonly<Record<string, Lowering>> = {
  'ai.onnx.ml.LinearClassifier': linearClassifier,
  'ai.onnx.ml.LinearRegressor': linearRegressor,
};
