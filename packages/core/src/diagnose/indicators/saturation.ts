/** Cross-entropy that saturates in float32 where the margin does not (Carlini & Wagner 2017, on defensive distillation; Croce & Hein 2020, section 4.1). */
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** Share of inputs: honest models of bench/masking have none. */
const SHARE = 0.05;
/** What is left of the loss's gradient beside the margin's. */
const LEFT = 1e-20;

export const lossSaturates: Indicator = {
  id: 'loss-saturates',
  weight: 'sign',
  threshold: SHARE,
  meaning:
    'The scores are so far apart that the softmax rounds to certainty: cross-entropy has no gradient where the margin has one.',
  advice: 'Attack the margin or a loss that is invariant to scale (apgd-margin, apgd-t).',
  judge: ({ slopes }) => {
    const { length } = slopes.margin;
    const saturated = slopes.margin.filter(
      (size, i) => size > 0 && !((slopes.loss[i] ?? 0) > LEFT * size),
    ).length;
    const share = shareLower(saturated, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `At ${saturated} of ${length} inputs cross-entropy has no gradient in float32 and the margin has one.`,
    };
  },
};
