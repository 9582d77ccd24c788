/** How far the margin departs from its linearisation nearby (local linearity, Qin et al. 2019; gradient shattering, Athalye et al. 2018). */
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** 0: linear; 1: as if unrelated. Honest models of bench/masking lie below 0.3 at nearly all inputs. */
const BENT = 0.5;
/** Share of the inputs that withstood that may be so bent. */
const SHARE = 0.25;

export const noisyLoss: Indicator = {
  id: 'noisy-loss',
  weight: 'sign',
  cause: 'rough',
  threshold: SHARE,
  meaning: 'The loss is so rough that one small step does not go where its gradient says.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: ({ slopes, trials: { iterated } }) => {
    // Where the attack succeeds its gradient was good enough, however far ε reaches.
    const standing = slopes.bend.filter((_, i) => !iterated.broken[i]);
    const { length } = standing;
    const bent = standing.filter((error) => error > BENT).length;
    const share = shareLower(bent, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `At ${bent} of ${length} inputs that withstood iterated gradients more than half of a small step's change is not what the gradient predicts.`,
    };
  },
};
