/**
 * Fast adversarial training (Wong, Rice & Kolter 2020): one step of 1.25 ε from a random point. It may
 * overfit to that step from one epoch to the next, and then nothing is robust any more: where that is
 * found, the training goes on from its best epoch with several steps (Li et al. 2020).
 */
import { across, climb, error } from '../adversary.ts';
import type { Method } from '../method.ts';
import { adversarial } from './adversarial.ts';

const STEP = 1.25;

export const fast: Method = {
  ...adversarial,
  id: 'fast',
  widening: 1,
  adversary: climb(error, {
    steps: 1,
    stride: (steps) => (steps === 1 ? STEP : across(steps)),
  }),
  // A mean would hide that the weights have overfitted until it is too late to go back.
  average: 0,
  fallback: adversarial,
};
