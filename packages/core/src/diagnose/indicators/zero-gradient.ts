/** Inputs without a gradient (AutoAttack warns of them, Croce & Hein 2020; Pintor et al. 2022, unavailable gradients). */
import { passing, withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** Share of inputs without one: honest models of bench/masking have none. */
const SHARE = 0.05;
/** Of a score of size one, what a move by ε changes: below what float32 resolves. */
const TINY = 1e-8;

export const zeroGradient: Indicator = {
  id: 'zero-gradient',
  weight: 'sign',
  cause: 'flat',
  threshold: SHARE,
  meaning: 'The margin has no slope to follow: attacks by gradients stay where they are.',
  advise: ({ examined }) => passing(examined) ?? withoutGradients(examined),
  judge: ({ slopes, eps }) => {
    const { length } = slopes.margin;
    const without = slopes.margin.filter((size) => !(size * eps > TINY)).length;
    const share = shareLower(without, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `The margin's gradient is zero, tiny or no number at ${without} of ${length} inputs.`,
    };
  },
};
