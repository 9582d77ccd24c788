/** Without a bound on the perturbation every attack that works reaches 100 % (Athalye et al. 2018, section 3.1; Pintor et al. 2022, 'unconstrained attack failure'). */
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';
import { broke } from '../words.ts';

/** Share of inputs that an unbounded attack may miss: honest models of bench/masking lose all but 0–2 %. */
const MISSED = 0.05;

export const unboundedAttackFails: Indicator = {
  id: 'unbounded-attack-fails',
  weight: 'sign',
  threshold: MISSED,
  meaning:
    'An attacker who may choose nearly any valid input can always change the answer. An attack that cannot is broken itself.',
  advice: 'Attack through a surrogate or without gradients before any number is believed.',
  judge: ({ trials: { unbounded } }) => {
    if (!unbounded) return null;
    const { length } = unbounded.broken;
    const missed = shareLower(length - broke(unbounded), length);
    return {
      fired: missed > MISSED,
      value: missed,
      evidence: `With the whole range of inputs to choose from, iterated gradients broke ${broke(unbounded)} of ${length}.`,
    };
  },
};
