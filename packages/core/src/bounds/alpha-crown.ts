/** Backward linear bounds whose slopes below hinges are optimised (α-CROWN, Xu et al. 2021). */
import type { Bound } from './bound.ts';
import { layerMargins } from './layer-margins.ts';
import { boundMethods } from './methods.ts';

export const alphaCrown: Bound = layerMargins('alpha-crown', boundMethods['alpha-crown']);
