/** Random points of the set against the gradient (Athalye et al. 2018, section 3.1: 10⁵ draws; fewer find less, never more). */
import { outdoes, POINTS } from '../comparison.ts';
import { withoutGradients } from '../advice.ts';
import type { Indicator } from '../indicator.ts';

export const randomBeatsGradient: Indicator = {
  id: 'random-search-beats-gradient',
  weight: 'proof',
  threshold: POINTS,
  meaning: 'Blind draws from the set break inputs that the gradient does not: it points nowhere.',
  advise: ({ examined }) => withoutGradients(examined),
  judge: (evidence) => outdoes(evidence.trials.random, evidence),
};
