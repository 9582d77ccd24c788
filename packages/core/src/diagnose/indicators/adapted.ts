/** Steps passed straight through, random draws and ripples averaged (BPDA and EOT, Athalye et al. 2018, sections 4.1 and 4.2). */
import { passing } from '../advice.ts';
import { outdoes, POINTS } from '../comparison.ts';
import type { Indicator } from '../indicator.ts';

export const adaptedBeatsPlain: Indicator = {
  id: 'adapted-beats-plain',
  weight: 'proof',
  threshold: POINTS,
  meaning:
    'Gradients that pass rounding steps as if they were not there, or that are averaged over random draws or a neighbourhood, find what the plain gradient does not.',
  advise: ({ examined }) =>
    passing(examined) ??
    'Believe this diagnosis: no flag makes other attacks average over a neighbourhood.',
  judge: (evidence) => outdoes(evidence.trials.adapted, evidence),
};
