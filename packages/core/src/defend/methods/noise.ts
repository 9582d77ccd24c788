/**
 * Gaussian noise augmentation (Cohen, Rosenfeld & Kolter 2019, section 3.3): what randomised smoothing with
 * the same σ is then certified for. ε is taken for σ. The noise is not cut off at the valid box: smoothing
 * does not cut it either.
 */
import type { Method } from '../method.ts';
import { natural } from './natural.ts';

export const noise: Method = {
  ...natural,
  id: 'noise',
  adversary: {
    steps: 0,
    validatedSteps: 0,
    noise: 'normal',
    start: ({ b, x, knob }, drawn) => b.add(x, b.mul(drawn, knob('eps'))),
    stride: () => 0,
  },
  knobs: (_share, eps) => ({ eps }),
};
