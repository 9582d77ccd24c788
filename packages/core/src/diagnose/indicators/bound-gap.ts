/** Proofs far below attacks: usual for ordinary networks, telling for one that is said to be smooth. */
import type { Indicator } from '../indicator.ts';

/** The proven radius over the broken one, of half of the inputs; trained for proofs, models lie above a half. */
const RATIO = 0.05;

export const boundGap: Indicator = {
  id: 'bound-gap',
  weight: 'remark',
  threshold: RATIO,
  meaning:
    'What is proven is a small part of what attacks leave standing. Ordinary networks show this too; a model that is said to be smooth should not.',
  advise: () =>
    'Ask for tighter proofs (glacis certify --method bab), or train for them (glacis harden).',
  judge: ({ brackets }) => {
    const ratios = brackets
      .flatMap(({ lower, upper }) => (lower === null || upper === null ? [] : [lower / upper]))
      .sort((a, b) => a - b);
    const middle = ratios[Math.floor(ratios.length / 2)];
    if (middle === undefined) return null;
    return {
      fired: middle < RATIO,
      value: middle,
      evidence: `Of ${ratios.length} inputs with both, half are proven to no more than ${middle.toPrecision(2)} of the radius at which they are broken.`,
    };
  },
};
