/** Answers that differ from pass to pass (Athalye et al. 2018, section 4.2: stochastic gradients). */
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** Share of inputs whose margin may differ between passes. */
const SHARE = 0.05;

export const randomOutput: Indicator = {
  id: 'random-output',
  weight: 'sign',
  cause: 'random',
  threshold: SHARE,
  meaning: 'The model draws random numbers: one pass of its gradient is one draw, not the slope.',
  advise: () => 'Attack the mean over many passes: glacis attack --eot 10, or more.',
  judge: ({ wavering, count }) => {
    if (!wavering) {
      return { fired: false, value: 0, evidence: 'The model draws no random numbers.' };
    }
    const moving = wavering.filter(Boolean).length;
    const share = shareLower(moving, count);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `At ${moving} of ${count} inputs the margin differs from pass to pass.`,
    };
  },
};
