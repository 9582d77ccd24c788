/** More steps and restarts of the same attack (Carlini et al. 2019, section 4.4: the attack must have converged). */
import type { Indicator } from '../indicator.ts';
import { paired } from '../statistics.ts';
import { percent, told } from '../words.ts';

export const budgetNotConverged: Indicator = {
  id: 'budget-not-converged',
  weight: 'sign',
  cause: 'unfinished',
  // Honest models of bench/masking: at most 0 %.
  threshold: 0.05,
  meaning: 'With a larger budget the same attack still breaks more: its result is no plateau.',
  advise: () =>
    'Spend more until the number no longer falls: glacis attack --method standard,pgd-restarts.',
  judge: ({ trials: { longer, iterated } }) => {
    if (!longer) return null;
    const { difference, lower } = paired(longer.broken, iterated.broken);
    return {
      fired: lower > 0.05,
      value: lower,
      evidence: `${told(longer)} with more steps and restarts, ${told(iterated)}: a difference of ${percent(difference)}, at 95% at least ${percent(lower)}.`,
    };
  },
};
