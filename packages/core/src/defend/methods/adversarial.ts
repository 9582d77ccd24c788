/**
 * Adversarial training (Madry et al. 2018): cross-entropy at what projected gradient descent makes of the
 * inputs. The radius rises at first, without which large ones are not learnt at all.
 */
import { across, climb, error } from '../adversary.ts';
import { type Method, rising } from '../method.ts';
import { natural } from './natural.ts';

const STEPS = 7;
/** Against ε itself networks learn to withstand these steps more than what other attacks find (bench/README.md). */
const WIDENING = 1.2;
const RAMP = 0.2;
/** Rebuffi et al. 2021, § 3.2. */
const AVERAGE = 0.999;

export const adversarial: Method = {
  ...natural,
  id: 'adversarial',
  adversary: climb(error, { steps: STEPS, stride: across }),
  knobs: (share, eps) => ({ eps: eps * rising(share, 0, RAMP) }),
  ramp: RAMP,
  widening: WIDENING,
  average: AVERAGE,
};
