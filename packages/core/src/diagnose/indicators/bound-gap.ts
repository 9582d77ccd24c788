/** Proofs far below attacks: usual for ordinary networks, telling for one that is said to be smooth. */
import type { Indicator } from '../indicator.ts';
import { shareLower } from '../statistics.ts';

/** The proven radius over the broken one; trained for proofs, models lie above a half. */
const RATIO = 0.05;
/** Share of the inputs with both that lie below. */
const SHARE = 0.5;

export const boundGap: Indicator = {
  id: 'bound-gap',
  weight: 'remark',
  threshold: SHARE,
  meaning:
    'What is proven is a small part of what attacks leave standing. Ordinary networks show this too; a model that is said to be smooth should not.',
  advise: () =>
    'Ask for tighter proofs (glacis certify --method bab), or train for them (glacis harden).',
  judge: ({ brackets }) => {
    const ratios = brackets.flatMap(({ lower, upper }) =>
      lower === null || upper === null || upper === 0 ? [] : [lower / upper],
    );
    const { length } = ratios;
    if (length === 0) return null;
    const wide = ratios.filter((ratio) => ratio < RATIO).length;
    const share = shareLower(wide, length);
    return {
      fired: share > SHARE,
      value: share,
      evidence: `Of ${length} inputs with a proven and a broken radius, ${wide} are proven to less than a twentieth of the radius at which they are broken.`,
    };
  },
};
