/** Steps passed straight through, random draws and ripples averaged (BPDA and EOT, Athalye et al. 2018, sections 4.1 and 4.2). */
import { passing } from '../advice.ts';
import { outdoes, POINTS } from '../comparison.ts';
import type { Indicator } from '../indicator.ts';

export const adaptedBeatsPlain: Indicator = {
  id: 'adapted-beats-plain',
  weight: 'proof',
  threshold: POINTS,
  meaning:
    'Gradients that pass rounding and comparisons as if they were slopes, or that are averaged over random draws, a neighbourhood or the way ahead, find what the plain gradient does not.',
  advise: ({ examined }) =>
    passing(examined) ??
    'Believe this diagnosis: no flag makes other attacks average their gradients.',
  judge: (evidence) => outdoes(evidence.trials.adapted, evidence),
};
