/**
 * Adam: Kingma & Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1 in the order of its
 * section 2, with the decoupled weight decay of Loshchilov & Hutter (2019). The moments are values like
 * any other, fed in and handed back, so that a whole training step is one program.
 */
import type { Optimiser } from './optimiser.ts';

/** Decay of the running mean of the gradient, and of its square. */
const [FIRST_DECAY, SECOND_DECAY] = [0.9, 0.999];
/** Keeps the quotient finite where gradients vanish. */
const EPSILON = 1e-8;

export const adam: Optimiser = {
  id: 'adamw',
  slots: ['first moment', 'second moment'],
  /** With both bias corrections: α·√(1 − β₂ᵗ)/(1 − β₁ᵗ). */
  rateAt: (rate, step) => (rate * Math.sqrt(1 - SECOND_DECAY ** step)) / (1 - FIRST_DECAY ** step),
  update: (b, { parameters, slots: [first, second] }, gradient, { rate, shrink }) => {
    if (!first || !second) throw new RangeError('Adam has two moments');
    const mean = b.add(b.mul(first, FIRST_DECAY), b.mul(gradient, 1 - FIRST_DECAY));
    const square = b.mul(b.mul(gradient, gradient), 1 - SECOND_DECAY);
    const spread = b.add(b.mul(second, SECOND_DECAY), square);
    const step = b.mul(rate, b.div(mean, b.add(b.sqrt(spread), EPSILON)));
    const kept = b.sub(parameters, b.mul(shrink, parameters));
    return { parameters: b.sub(kept, step), slots: [mean, spread] };
  },
};
