/**
 * Backward linear bounds (CROWN, Zhang et al. 2018). With interval bounds inside it is CROWN-IBP (Zhang et
 * al. 2020); with its own, CROWN: all rows of a batch at once where layers are small, else only the rows
 * that gain, input by input.
 */
import type { Bound } from './bound.ts';
import { inGraph } from './in-graph.ts';
import { layerMargins } from './layer-margins.ts';
import { boundMethods } from './methods.ts';
import { FEW_VALUES, isWide } from './size.ts';

export const crownIbp: Bound = inGraph('crown-ibp', { linear: true });

const together = inGraph('crown', { linear: true, linearUpTo: FEW_VALUES });
const apart = layerMargins('crown', boundMethods.crown);

export const crown: Bound = {
  id: 'crown',
  isDear: isWide,
  margins: (context, rows, semantics) =>
    (isWide(context.classifier) ? apart : together).margins(context, rows, semantics),
};
