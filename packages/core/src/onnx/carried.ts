/**
 * The IR computes in float32 only; whole numbers and truth values that depend on the input are carried
 * as float32 numbers (truth values as 0 and 1). What a value is in the file's words is kept here, so
 * that an operator to which it matters (a division of whole numbers truncates) is refused instead of
 * misread.
 */
import { isHost, type ReadValue } from './host-value.ts';

export type Carried = 'real' | 'whole' | 'truth';

/** Operators whose result is a truth value. */
const judging: ReadonlySet<string> = new Set([
  'And',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Not',
  'Or',
  'Xor',
]);

/** Operators that mean the same for whole numbers as for real ones, and give whole numbers then. */
const exact: ReadonlySet<string> = new Set([
  'Abs',
  'Add',
  'Clip',
  'CumSum',
  'GlobalMaxPool',
  'Max',
  'MaxPool',
  'Min',
  'Mul',
  'Neg',
  'ReduceL1',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
  'ReduceSumSquare',
  'Relu',
  'Sign',
  'Sub',
  'Sum',
]);

/** Operators that move elements and do not mind what they are. */
const moving: ReadonlySet<string> = new Set([
  'ArrayFeatureExtractor',
  'Concat',
  'DepthToSpace',
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'Identity',
  'Pad',
  'Reshape',
  'Shape',
  'Size',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Trilu',
  'Unsqueeze',
]);

/** Operators of `ai.onnx.ml` that take any numbers for real ones. */
const scoring: ReadonlySet<string> = new Set([
  'FeatureVectorizer',
  'LinearClassifier',
  'LinearRegressor',
  'Normalizer',
  'OneHotEncoder',
  'SVMClassifier',
  'SVMRegressor',
  'Scaler',
  'TreeEnsemble',
  'TreeEnsembleClassifier',
  'TreeEnsembleRegressor',
]);

/** What an operand is; `known` where it depends on the input and is not real. */
export function carriedAs(value: ReadValue | undefined, known: Carried | undefined): Carried {
  if (value === undefined) return 'real';
  if (isHost(value)) return 'whole';
  if (value.type === 'bool') return 'truth';
  if (value.type !== 'float32' && value.type !== 'float64') return 'whole';
  return known ?? 'real';
}

/**
 * What an operator makes of its operands; undefined where it means something else for whole numbers
 * or truth values than for real numbers. `to` is what a Cast is asked for.
 */
export function carriedBy(
  op: string,
  operands: readonly Carried[],
  to: Carried,
): Carried | undefined {
  const [first = 'real', ...others] = operands;
  if (judging.has(op)) return 'truth';
  if (op === 'Cast') return to;
  if (op === 'CastLike') return others[0] ?? 'real';
  if (op === 'Where') return others.includes('real') ? 'real' : (others[0] ?? 'real');
  if (op === 'OneHot') return others[1] ?? 'real';
  if (op === 'QuantizeLinear' || op === 'ArgMax' || op === 'ArgMin') return 'whole';
  // A whole exponent is a number like others; a whole base is not.
  if (op === 'Pow' && first === 'real') return 'real';
  if (op === 'DequantizeLinear' || scoring.has(op)) return 'real';
  if (moving.has(op)) return first;
  if (exact.has(op)) return operands.includes('real') ? 'real' : 'whole';
  return undefined;
}
