/** Where on a set linear functions are least. */
import type { Builder } from '../graph/builder.ts';
import { divide, type Dimension, elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import type { BallNodes } from '../threats/set-graph.ts';
import type { Threat } from '../threats/threat.ts';
import { gradientWith } from '../transforms/gradient.ts';
import type { InputSet } from '../transforms/input-set.ts';

/** Coefficients below count as none. */
const TINY = 1e-15;

export interface SetNodes {
  readonly ball: BallNodes;
  readonly threat: Threat;
  readonly set: InputSet;
  readonly batch: Dimension;
}

/** The input of the set at which a·x is least, a [batch·rows, …input]; of a's shape. */
export function minimiser(
  b: Builder,
  { ball, threat, set, batch }: SetNodes,
  coefficients: Node,
): Node {
  const { lower, upper, centre } = ball;
  const stacked = coefficients.shape[0] ?? 1;
  const count = divide(stacked, batch) ?? 1;
  const size = known(elementCount(coefficients.shape.slice(1)), 'an input');
  const beside = (value: Node): Node => b.reshape(value, [batch, 1, size]);
  if (threat.norm.isBox) {
    const towardsUpper = b.step(b.neg(b.reshape(coefficients, [batch, count, size])));
    const x = b.add(b.mul(towardsUpper, beside(b.sub(upper, lower))), beside(lower));
    return b.reshape(x, coefficients.shape);
  }
  const own = b.neg(b.reshape(coefficients, [stacked, size]));
  // A norm has no gradient at 0; where nothing counts, any input will do.
  const flat = b.add(own, b.greater(TINY, b.maximum(b.abs(own), [1], true)));
  const [moved] = gradientWith(b, set.support(flat, false), [flat]);
  const offset = b.reshape(moved ?? b.mul(flat, 0), [batch, count, size]);
  return b.reshape(b.add(offset, beside(centre)), coefficients.shape);
}
