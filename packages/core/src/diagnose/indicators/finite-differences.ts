/** The gradient against central differences along random directions (Carlini et al. 2019, section 4.5: check that gradients are right). */
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** A cosine below this is no agreement: honest models of bench/masking lie at 0.8–1 at nearly all inputs. */
const AGREEING = 0.5;
/** Share of the inputs that withstood that may disagree. */
const SHARE = 0.25;

export const slopesDisagree: Indicator = {
  id: 'slopes-disagree',
  weight: 'sign',
  cause: 'rough',
  threshold: SHARE,
  meaning:
    'Over a sixteenth of ε the margin does not change as its gradient says: the gradient describes a ripple, not the slope beneath.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: ({ slopes, trials: { iterated } }) => {
    // Where the attack succeeds its gradient was good enough, however far ε reaches.
    const standing = [...slopes.cosine.keys()].filter((i) => !iterated.broken[i]);
    const { length } = standing;
    const differ = standing.filter(
      (i) => slopes.changes[i] && !((slopes.cosine[i] ?? 0) >= AGREEING),
    ).length;
    const share = shareLower(differ, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `At ${differ} of ${length} inputs that withstood iterated gradients the cosine between the gradient and finite differences is below ${AGREEING}.`,
    };
  },
};
