/** Backward linear bounds whose slopes below hinges are optimised (α-CROWN, Xu et al. 2021). */
import type { Bound } from './bound.ts';
import { layerMargins } from './layer-margins.ts';
import { boundMethods, lastSlopes } from './methods.ts';

/** The slopes of all layers: dear where layers are wide. */
export const alphaCrown: Bound = layerMargins('alpha-crown', boundMethods['alpha-crown']);
/** The slopes of the margins' own pass. */
export const alphaCrownLast: Bound = layerMargins('alpha-crown', lastSlopes);
