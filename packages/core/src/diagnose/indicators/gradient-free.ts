/** Search by scores alone against the gradient (Carlini et al. 2019, section 4.5; AutoAttack warns of the same, Croce & Hein 2020). */
import { outdoes, POINTS } from '../comparison.ts';
import type { Indicator } from '../indicator.ts';

export const gradientFreeBeatsGradient: Indicator = {
  id: 'gradient-free-beats-gradient',
  weight: 'proof',
  threshold: POINTS,
  meaning:
    'A search that sees only scores knows less than one that sees their gradient. Where it breaks more, the gradient is hidden.',
  advise: () =>
    'Believe the score-based result; do not report an accuracy under gradient attacks alone.',
  judge: (evidence) => outdoes(evidence.trials.scores, evidence),
};
