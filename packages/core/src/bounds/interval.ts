/** Interval bounds (Gowal et al. 2018): box arithmetic, the margin's row folded into the last affine region. */
import type { Bound } from './bound.ts';
import { inGraph } from './in-graph.ts';

export const interval: Bound = inGraph('interval', {});
