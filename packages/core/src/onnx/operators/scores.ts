/**
 * What `ai.onnx.ml` operators do to scores last: their post_transform, and the two columns they make of
 * one score for two classes. ONNX Runtime's rules, where the standard leaves them open.
 */
import type { Node } from '../../graph/graph.ts';
import type { LoweringContext } from '../lowering.ts';

/** Of two or more scores a row. */
export function transformed(c: LoweringContext, scores: Node): Node {
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

/** Of one value a row, which ONNX Runtime leaves as it is. */
export function untransformed(c: LoweringContext, value: Node): Node {
  if (c.text('post_transform', 'NONE') !== 'PROBIT') return value;
  throw c.unsupported('the transformation PROBIT is not supported');
}

/**
 * Both columns of one score for the second of two classes: as decisions [−s, s], as what a logistic
 * function makes of these, or [1 − s, s] where the score is a probability already.
 */
export function ofBoth(c: LoweringContext, given: Node, isProbability: boolean): Node {
  const { b } = c;
  const score = untransformed(c, given);
  const opposed = b.concat([b.neg(score), score], 1);
  if (c.text('post_transform', 'NONE') === 'LOGISTIC') return b.push('sigmoid', [opposed], {});
  return isProbability ? b.concat([b.sub(1, score), score], 1) : opposed;
}

/** Classes a classifier names, as numbers or as texts. */
export function labelsOf(c: LoweringContext, whole: string): number {
  const texts = c.texts('classlabels_strings')?.length ?? 0;
  return texts > 0 ? texts : (c.ints(whole)?.length ?? 0);
}
