/** Interval bounds (Gowal et al. 2018): box arithmetic, the margin's row folded into the last affine region. */
import type { Bound } from './bound.ts';

export const interval: Bound = {
  id: 'interval',
  inside: {},
  lowerBound: (propagation, scores, rows) => propagation.lowerBoundOf(scores, rows),
};
