/** How large a network's layers are, which decides how its rows are propagated. */
import type { Network } from '../runtime/network.ts';

/** Values of a layer up to which all rows of a batch go at once. */
export const FEW_VALUES = 256;

/** Whether a layer has more than a few values for each sample. */
export function isWide({ graph }: Network): boolean {
  return graph.nodes.some(({ op, shape }) => {
    const size = shape.slice(1).reduce<number>((product, dim) => product * (Number(dim) || 1), 1);
    return op !== 'constant' && size > FEW_VALUES;
  });
}
