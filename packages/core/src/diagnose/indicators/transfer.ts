/** Gradients of another model against the model's own (Athalye et al. 2018, section 3.1; Pintor et al. 2022, “transfer failure”). */
import { outdoes, POINTS } from '../comparison.ts';
import type { Indicator } from '../indicator.ts';

export const transferBeatsWhiteBox: Indicator = {
  id: 'transfer-beats-white-box',
  weight: 'proof',
  threshold: POINTS,
  meaning:
    "Another model's gradient finds what the model's own does not: the weakness is there and the gradient conceals it.",
  advise: () =>
    'Give the model that the defence was built around to glacis diagnose or attack with --surrogate FILE.',
  judge: (evidence) => outdoes(evidence.trials.transfer, evidence),
};
