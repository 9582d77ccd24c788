/** One step of the gradient against many of them (Athalye et al. 2018, section 3.1; Carlini et al. 2019, section 4.5). */
import { outdoes, POINTS } from '../comparison.ts';
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';

export const oneStepBeatsIterative: Indicator = {
  id: 'one-step-beats-iterative',
  weight: 'proof',
  threshold: POINTS,
  meaning:
    'Iterated steps can do all that one step does. Where one step breaks more, the gradient leads astray after the first.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: (evidence) => outdoes(evidence.trials.oneStep, evidence),
};
