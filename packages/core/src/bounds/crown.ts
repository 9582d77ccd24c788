/**
 * Backward linear bounds (CROWN, Zhang et al. 2018). With interval bounds inside it is CROWN-IBP (Zhang et
 * al. 2020); with its own, CROWN: all rows of a batch at once where layers are small, else only the rows
 * that gain, input by input.
 */
import type { Classifier } from '../runtime/classifier.ts';
import type { Bound } from './bound.ts';
import { inGraph } from './in-graph.ts';
import { layerMargins } from './layer-margins.ts';

/** Values before functions that bend up to which all rows of a batch go at once. */
const FEW_VALUES = 256;

export const crownIbp: Bound = inGraph('crown-ibp', { linear: true });

const together = inGraph('crown', { linear: true, linearUpTo: FEW_VALUES });
const apart = layerMargins('crown', { inside: true, linear: true, steps: 0 });

export const crown: Bound = {
  id: 'crown',
  margins: (context, rows, semantics) =>
    (isSmall(context.classifier) ? together : apart).margins(context, rows, semantics),
};

function isSmall({ graph }: Classifier): boolean {
  const sizes = graph.nodes
    .filter(({ op }) => op !== 'constant')
    .map(({ shape }) => shape.slice(1).reduce<number>((size, dim) => size * (Number(dim) || 1), 1));
  return Math.max(...sizes) <= FEW_VALUES;
}
