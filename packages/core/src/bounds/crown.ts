/**
 * Backward linear bounds (CROWN, Zhang et al. 2018). With interval bounds inside it is CROWN-IBP (Zhang et
 * al. 2020); with its own, CROWN. Layers of many values keep interval bounds inside: a row for each of
 * them would not fit the cache.
 */
import type { Bound } from './bound.ts';

/** Values of a layer up to which they are bounded backwards themselves. */
const MOST_VALUES = 512;

function backward(id: string, linearUpTo: number): Bound {
  return {
    id,
    inside: { linearUpTo },
    lowerBound: (propagation, scores, rows) => propagation.linearBoundOf(scores, rows),
  };
}

export const crownIbp: Bound = backward('crown-ibp', 0);
export const crown: Bound = backward('crown', MOST_VALUES);
