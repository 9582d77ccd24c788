/** Without a bound on the perturbation every attack that works reaches 100 % (Athalye et al. 2018, section 3.1; Pintor et al. 2022, 'unconstrained attack failure'). */
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** Share of inputs that an unbounded attack may miss: the twins of examples/digits lose all in ℓ∞, ℓ2 and ℓ1. */
const MISSED = 0.05;

export const unboundedAttackFails: Indicator = {
  id: 'unbounded-attack-fails',
  weight: 'sign',
  cause: 'stuck',
  threshold: MISSED,
  meaning:
    'An attacker who may choose nearly any valid input can always change the answer. An attack that cannot is broken itself.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: ({ trials: { unbounded, curve } }) => {
    if (!unbounded) return null;
    // What breaks at any radius is among all that is valid.
    const anywhere = unbounded.broken.map(
      (own, i) => own || curve.some((trial) => trial.broken[i]),
    );
    const [broken, { length }] = [anywhere.filter(Boolean).length, anywhere];
    const missed = shareLower(length - broken, length);
    return {
      fired: missed > MISSED,
      value: missed,
      evidence: `With the whole range of inputs to choose from, iterated gradients broke ${broken} of ${length}.`,
    };
  },
};
