/**
 * Operators of `ai.onnx.ml`, as scikit-learn's converter writes them. Labels a classifier answers with
 * are not read; its scores are.
 */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** One number, or one for each feature. */
function perFeature(c: LoweringContext, name: string, absent: number): Node {
  return c.b.constant(floats(c.floatList(name) ?? [absent]));
}

function rescaled(c: LoweringContext, scores: Node): Node {
  const transform = c.text('post_transform', 'NONE');
  switch (transform) {
    case 'NONE':
      return scores;
    case 'SOFTMAX':
      return c.b.push('softmax', [scores], { axis: 1 });
    case 'LOGISTIC':
      return c.b.push('sigmoid', [scores], {});
    default:
      throw c.unsupported(`the transformation ${transform} is not supported`);
  }
}

function linearClassifier(c: LoweringContext): (Node | undefined)[] {
  const x = c.operand();
  const features = known(x.shape[1] ?? 0, 'features');
  const coefficients = c.floatList('coefficients') ?? [];
  const classes = coefficients.length / features;
  const labels = c.intList('classlabels_ints')?.length ?? classes;
  if (x.shape.length !== 2 || !Number.isInteger(classes)) {
    throw c.invalid(`${coefficients.length} coefficients do not fit ${features} features`);
  }
  if (classes < 2 || labels !== classes) {
    throw c.unsupported('one row of coefficients for two classes is not supported');
  }
  const weights = c.b.constant(floats(coefficients, [classes, features]));
  const product = c.b.matMul(x, weights, { transB: true });
  const intercepts = c.floatList('intercepts');
  const scores = intercepts ? c.b.add(product, c.b.constant(floats(intercepts))) : product;
  return [undefined, rescaled(c, scores)];
}

/** A row of zeros stays one. */
const SMALLEST = 2 ** -126;

function normalizer(c: LoweringContext): Node {
  const { b } = c;
  const x = c.operand();
  const norm = c.text('norm', 'MAX');
  if (norm !== 'L1' && norm !== 'L2') throw c.unsupported(`the norm ${norm} is not supported`);
  const axis = x.shape.length - 1;
  known(x.shape[axis] ?? 0, 'features');
  const total = b.sum(norm === 'L1' ? b.abs(x) : b.mul(x, x), [axis], true);
  return b.div(x, b.max(norm === 'L1' ? total : b.sqrt(b.relu(total)), SMALLEST));
}

export const classical: Readonly<Record<string, Lowering>> = {
  'ai.onnx.ml.Scaler': (c) => {
    const centred = c.b.sub(c.operand(), perFeature(c, 'offset', 0));
    return c.b.mul(centred, perFeature(c, 'scale', 1));
  },
  'ai.onnx.ml.Normalizer': normalizer,
  'ai.onnx.ml.LinearClassifier': linearClassifier,
};
