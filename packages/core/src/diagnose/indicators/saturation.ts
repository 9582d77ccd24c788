/** Cross-entropy that saturates in float32 where the margin does not (Carlini & Wagner 2017, on defensive distillation; Croce & Hein 2020, section 4.1). */
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** Share of inputs whose breaks it hid: honest models have none, however confident they are. */
const SHARE = 0.05;
/** What is left of the loss's gradient beside the margin's. */
const LEFT = 1e-20;

export const lossSaturates: Indicator = {
  id: 'loss-saturates',
  weight: 'sign',
  cause: 'saturated',
  threshold: SHARE,
  meaning:
    'The scores are so far apart that the softmax rounds to certainty: cross-entropy has no gradient where the margin has one.',
  advise: () =>
    'Attack the margin, or a loss that is invariant to scale: glacis attack --method apgd-margin,apgd-t.',
  judge: ({ slopes, trials }) => {
    const { length } = slopes.margin;
    const flat = [...slopes.margin].flatMap((size, i) =>
      size > 0 && !((slopes.loss[i] ?? 0) > LEFT * size) ? [i] : [],
    );
    const { iterated, longer, scores, transfer, adapted } = trials;
    const others = [longer, scores, transfer, adapted];
    // Where the attack went wrong by it: something else broke what it did not.
    const hidden = flat.filter(
      (i) => iterated.broken[i] !== true && others.some((other) => other?.broken[i] === true),
    );
    const share = shareLower(hidden.length, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `At ${flat.length} of ${length} inputs cross-entropy has no gradient in float32 and the margin has one; of these ${hidden.length} were broken by other attacks alone.`,
    };
  },
};
