/**
 * CROWN-IBP (Zhang et al. 2020, eq. 11): as IBP, but margins are bounded backwards from interval bounds
 * inside, whose share β falls from 1 to 0 while the radius rises.
 */
import { bounded } from '../bounded.ts';
import { type Method, rising } from '../method.ts';
import { boundedObjective, ibp, leastMargin } from './ibp.ts';

export const crownIbp: Method = {
  ...ibp,
  id: 'crown-ibp',
  objective: (context) =>
    boundedObjective(context, ({ propagation, logits, rows }) => {
      const { b, knob } = context;
      const linear = knob('linear');
      const backward = propagation.backwardBoundOf(logits, rows).lower;
      const plain = propagation.lowerBoundOf(logits, rows);
      return b.add(b.mul(backward, linear), b.mul(plain, b.sub(1, linear)));
    }),
  margin: (context) => {
    const { propagation, logits, rows } = bounded(context, context.knob('eps'), null);
    return leastMargin(context, propagation.linearBoundOf(logits, rows));
  },
  knobs: (share, eps) => {
    const own = ibp.knobs(share, eps);
    return { ...own, linear: 1 - rising(share, 0, ibp.ramp) };
  },
};
