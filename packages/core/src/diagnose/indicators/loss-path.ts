/** Whether an attack climbs at all (Pintor et al. 2022, 'incomplete optimization': the loss must rise along the attack). */
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** Share of the inputs that withstood: honest models of bench/masking have none. */
const SHARE = 0.25;
/** How much of the margin an attack that climbs takes away at least. */
const CLIMB = 0.01;

export const lossNotIncreasing: Indicator = {
  id: 'loss-not-increasing',
  weight: 'sign',
  cause: 'flat',
  threshold: SHARE,
  meaning: 'Inputs withstand because the attack does not climb, not because it reaches the top.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: ({ paths, trials: { iterated } }) => {
    const standing = paths.filter((path, i) => !iterated.broken[i] && path.length > 1);
    const still = standing.filter((path) => {
      const first = path[0] ?? 0;
      const least = path.reduce((all, value) => Math.min(all, value), Infinity);
      return !(least < first - CLIMB * Math.abs(first));
    }).length;
    const share = shareLower(still, standing.length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `Of ${standing.length} inputs that withstood iterated gradients, ${still} had the same margin at the end as at the start.`,
    };
  },
};
