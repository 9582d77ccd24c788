/** Accuracy against ε must fall as ε grows (Athalye et al. 2018, section 3.1; Carlini et al. 2019, section 4.3). */
import { POINTS } from '../comparison.ts';
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { type Paired, paired } from '../statistics.ts';
import { broke, percent } from '../words.ts';

export const curveNotMonotone: Indicator = {
  id: 'curve-not-monotone',
  weight: 'sign',
  cause: 'stuck',
  threshold: POINTS,
  meaning:
    'A larger set holds the smaller one, so an attack that works cannot break less in it. This one does.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: ({ trials: { curve } }) => {
    let worst: Paired | null = null;
    for (const [i, wide] of curve.entries()) {
      for (const near of curve.slice(0, i)) {
        const pair = paired(near.broken, wide.broken);
        if (!worst || pair.lower > worst.lower) worst = pair;
      }
    }
    if (!worst) return null;
    const points = curve
      .map((trial) => `${broke(trial)} at ${Number(trial.eps.toPrecision(4))}`)
      .join(', ');
    return {
      fired: worst.lower > POINTS,
      value: worst.lower,
      evidence: `Of ${worst.count} inputs iterated gradients broke ${points}; where a smaller ε broke more, it did so by at least ${percent(worst.lower)} at 95%.`,
    };
  },
};
