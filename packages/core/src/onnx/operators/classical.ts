/**
 * Operators of `ai.onnx.ml`, as scikit-learn's converter writes them: what is done to features before a
 * model, and to its labels behind it. Labels a classifier answers with are not read; its scores are.
 */
import type { Builder } from '../../graph/builder.ts';
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { definitionOf } from '../../graph/ops/table.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { linearModels } from './linear-models.ts';
import { toUnitLength } from './normalisations.ts';
import { positionOf } from './positions.ts';
import { supportVectors } from './support-vectors.ts';
import { trees } from './trees.ts';

/** One number, or one for each feature. */
function perFeature(c: LoweringContext, name: string, absent: number): Node {
  return c.b.constant(floats(c.floatList(name) ?? [absent]));
}

function normalizer(c: LoweringContext): Node {
  const { b } = c;
  const x = c.real();
  const norm = c.text('norm', 'MAX');
  const axis = x.shape.length - 1;
  known(x.shape[axis] ?? 0, 'features');
  switch (norm) {
    case 'L1':
      return toUnitLength(b, x, axis, 1);
    case 'L2':
      return toUnitLength(b, x, axis, 2);
    case 'MAX': {
      // The greatest element, not the greatest size.
      const most = b.maximum(x, [axis], true);
      return b.div(x, b.where(b.equal(most, b.scalar(0)), 1, most));
    }
    default:
      throw c.unsupported(`the norm ${norm} is not supported`);
  }
}

/** Whether a value is elements of inputs: they are finite, and moving them changes none. */
function isMoved(b: Builder, x: Node): boolean {
  const from = new Set([x]);
  for (const node of from) {
    if (node.op === 'input') continue;
    if (definitionOf(node.op).kind !== 'structural') return false;
    for (const id of node.operands) from.add(b.nodes[id] ?? node);
  }
  return true;
}

/** A missing value that is NaN may be computed (a power of a negative number), but is never an input. */
function imputer(c: LoweringContext): Node {
  const { b } = c;
  const x = c.real();
  const missing = c.float('replaced_value_float', 0);
  if (Number.isNaN(missing) && isMoved(b, x)) return x;
  const values = c.floatList('imputed_value_floats');
  if (!values) throw c.unsupported('only numbers can be imputed');
  const imputed = b.expand(b.floats(values, [values.length]), x.shape);
  // Only NaN differs from itself.
  return Number.isNaN(missing)
    ? b.where(b.equal(x, x), x, imputed)
    : b.where(b.equal(x, b.scalar(missing)), imputed, x);
}

/** Elements along the last axis. What a computed position picks of constants is a label. */
function arrayFeatureExtractor(c: LoweringContext): Node | readonly undefined[] {
  const x = c.operand();
  if (x.op === 'constant' && c.operand(1).op !== 'constant') return [undefined];
  const axis = x.shape.length - 1;
  const size = known(x.shape[axis] ?? 1, 'features');
  const positions = (c.numbers(1) ?? []).map((index) => positionOf(c, index, size));
  const taken = c.b.gather(x, axis, positions);
  return axis === 0 ? c.b.reshape(taken, [1, positions.length]) : taken;
}

function featureVectorizer(c: LoweringContext): Node {
  const widths = c.intList('inputdimensions') ?? [];
  const parts = c.all().map((_, i) => c.real(i));
  if (parts.some(({ shape }, i) => shape.length !== 2 || shape[1] !== widths[i])) {
    throw c.unsupported('inputs of other widths than inputdimensions says are not supported');
  }
  return c.b.concat(parts, 1);
}

/** A column of 0 and 1 for each category of whole numbers. */
function oneHotEncoder(c: LoweringContext): Node {
  const { b } = c;
  const categories = c.intList('cats_int64s') ?? [];
  if (categories.length === 0) throw c.unsupported('categories that are texts are not supported');
  if (c.carried(0) !== 'whole') throw c.unsupported('it needs whole numbers: cast its input');
  const x = c.real();
  const column = b.reshape(x, [...x.shape, 1]);
  return b.equal(column, b.floats(categories, [categories.length]));
}

/** Labels for labels. */
function labelEncoder(c: LoweringContext): readonly undefined[] {
  if (c.operand().op === 'constant' || c.carried(0) === 'whole') return [undefined];
  throw c.unsupported('only labels can be encoded, not data');
}

export const classical: Readonly<Record<string, Lowering>> = {
  'ai.onnx.ml.Scaler': (c) => {
    const centred = c.b.sub(c.real(), perFeature(c, 'offset', 0));
    return c.b.mul(centred, perFeature(c, 'scale', 1));
  },
  'ai.onnx.ml.Normalizer': normalizer,
  'ai.onnx.ml.Binarizer': (c) => c.b.greater(c.real(), c.float('threshold', 0)),
  'ai.onnx.ml.Imputer': imputer,
  'ai.onnx.ml.ArrayFeatureExtractor': arrayFeatureExtractor,
  'ai.onnx.ml.FeatureVectorizer': featureVectorizer,
  'ai.onnx.ml.OneHotEncoder': oneHotEncoder,
  'ai.onnx.ml.LabelEncoder': labelEncoder,
  ...linearModels,
  ...supportVectors,
  ...trees,
};
