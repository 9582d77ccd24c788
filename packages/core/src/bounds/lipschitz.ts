/**
 * The mean value bound (Hein and Andriushchenko 2017; Weng et al. 2018, "Fast-Lip"): over a ball of radius r,
 * the margin over class j falls by at most r·L_j(r), L_j(r) bounding the dual norm of its gradient over the
 * ball. The largest radius it proves is the least r with margin_j = r·L_j(r) for some j.
 */
import type { Bound } from './bound.ts';
import { inGraph } from './in-graph.ts';

/** Values of a layer up to which they are bounded backwards, for the gradient's sake. */
export const MOST_VALUES = 512;

export const lipschitz: Bound = inGraph('lipschitz', { meanValue: true, linearUpTo: MOST_VALUES });
