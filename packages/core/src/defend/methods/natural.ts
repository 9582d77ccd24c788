/** Ordinary training: cross-entropy of the inputs as they are. */
import { crossEntropy } from '../../attacks/losses.ts';
import { marginOf } from '../../transforms/margin.ts';
import type { Method } from '../method.ts';

export const natural: Method = {
  id: 'natural',
  proves: false,
  objective: ({ b, network, moved, answers }) => {
    const { logits, statistics } = network.trained(moved);
    return { loss: crossEntropy(b, logits, answers), statistics };
  },
  margin: ({ b, network, moved, answers }) => marginOf(b, network.logits(moved), answers),
  knobs: () => ({}),
  ramp: 0,
};
