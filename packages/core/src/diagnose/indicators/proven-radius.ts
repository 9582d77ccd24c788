/** An attack inside a proven radius: one of the two is wrong, and so is Glacis. */
import type { Indicator } from '../indicator.ts';

export const insideProvenRadius: Indicator = {
  id: 'attack-inside-proven-radius',
  weight: 'remark',
  threshold: 0,
  meaning:
    'An attack succeeded where a proof says that none can: a bug in Glacis, not of the model.',
  advise: () => 'Report it with the model; believe neither number until it is explained.',
  judge: ({ brackets }) => {
    const both = brackets.filter(({ lower, upper }) => lower !== null && upper !== null);
    if (both.length === 0) return null;
    const wrong = both.filter(({ lower, upper }) => (upper ?? 0) <= (lower ?? 0)).length;
    return {
      fired: wrong > 0,
      value: wrong,
      evidence: `${wrong} of ${both.length} inputs are broken inside their proven radius.`,
    };
  },
};
