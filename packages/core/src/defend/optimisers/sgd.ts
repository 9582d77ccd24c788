/**
 * Stochastic gradient descent with momentum (Polyak 1964; Sutskever et al. 2013), v ← μ·v + g, θ ← θ − α·v,
 * and the decoupled weight decay of Loshchilov & Hutter (2019), algorithm 1.
 */
import type { Optimiser } from './optimiser.ts';

const MOMENTUM = 0.9;

export const sgd: Optimiser = {
  id: 'sgd',
  slots: ['velocity'],
  rateAt: (rate) => rate,
  update: (b, { parameters, slots: [velocity] }, gradient, { rate, shrink }) => {
    if (!velocity) throw new RangeError('momentum has a velocity');
    const next = b.add(b.mul(velocity, MOMENTUM), gradient);
    const kept = b.sub(parameters, b.mul(shrink, parameters));
    return { parameters: b.sub(kept, b.mul(rate, next)), slots: [next] };
  },
};
