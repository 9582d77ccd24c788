/** A model that answers the same to everything (nothing to attack, nothing to hide). */
import type { Indicator } from '../indicator.ts';

export const constantOutput: Indicator = {
  id: 'constant-output',
  weight: 'remark',
  threshold: 0,
  meaning:
    'The scores do not depend on the input. No attack can change them and no gradient can be hidden: what such a model gets right is the share of one class.',
  advise: () => 'Look for what is wrong with the file or its training before anything else.',
  judge: ({ constant, count }) => ({
    fired: constant,
    value: constant ? 1 : 0,
    evidence: constant
      ? `The scores are the same at all ${count} inputs and at points drawn from all that is valid.`
      : 'The scores differ from input to input.',
  }),
};
