/** Attacks by name: what the command line offers and the ledger says. Adding one is a file and a row here. */
import { alma } from './alma.ts';
import { apgd } from './apgd.ts';
import type { Attack } from './attack.ts';
import { cornerSearch } from './corner-search.ts';
import { cw } from './cw.ts';
import { ddn } from './ddn.ts';
import { deepfool } from './deepfool.ts';
import { fab } from './fab.ts';
import { fgsm } from './fgsm.ts';
import { mpgd } from './mpgd.ts';
import { hopSkipJump } from './hop-skip-jump.ts';
import { fmn, type FmnOptions } from './fmn.ts';
import { noise } from './noise.ts';
import { pdpgd } from './pdpgd.ts';
import { pgd } from './pgd.ts';
import { rivals } from './rivals.ts';
import { square } from './square.ts';

/** Draws of the yardstick, and rival classes that a step goes towards. */
export const NOISE_DRAWS = 10;
const RIVALS = 9;

const fmnRounds: FmnOptions = {
  id: 'fmn-rounds',
  steps: 60,
  rounds: 3,
  rivals: 3,
  norms: ['linf', 'l2', 'l1'],
};

/** The same for a cascade at one ε, which is content with any break within it. */
export const fmnRoundsWithin: Attack = fmn({ ...fmnRounds, within: true });

export const attackTable = {
  noise: noise({ draws: NOISE_DRAWS }),
  'noise-uniform': noise({ draws: NOISE_DRAWS, form: 'uniform' }),
  'noise-gaussian': noise({ draws: NOISE_DRAWS, form: 'gaussian' }),
  fgsm: fgsm(),
  'fgsm-rivals': rivals({ most: RIVALS }),
  pgd: pgd({ id: 'pgd', loss: 'cross-entropy', steps: 40, restarts: 1 }),
  'pgd-margin': pgd({ loss: 'margin', steps: 20, restarts: 1 }),
  'pgd-ce': pgd({ loss: 'cross-entropy', steps: 20, restarts: 2 }),
  'pgd-restarts': pgd({ id: 'pgd-restarts', loss: 'margin', steps: 40, restarts: 4 }),
  mpgd: mpgd({ id: 'mpgd', loss: 'cross-entropy', steps: 40 }),
  'apgd-ce': apgd({ id: 'apgd-ce', loss: 'cross-entropy', steps: 100, restarts: 1 }),
  'apgd-dlr': apgd({ id: 'apgd-dlr', loss: 'dlr', steps: 100, restarts: 1 }),
  'apgd-margin': apgd({ id: 'apgd-margin', loss: 'margin', steps: 100, restarts: 1 }),
  'apgd-pm': apgd({ id: 'apgd-pm', loss: 'probability-margin', steps: 100, restarts: 1 }),
  'apgd-t': apgd({ id: 'apgd-t', loss: 'targeted-dlr', steps: 100, restarts: 1 }),
  'apgd-wide': apgd({
    id: 'apgd-wide',
    loss: 'cross-entropy',
    steps: 100,
    restarts: 1,
    wider: [3, 2],
  }),
  square: square({ queries: 5000 }),
  hopskipjump: hopSkipJump({ queries: 10_000 }),
  fab: fab({ id: 'fab', targeted: false, rivals: RIVALS, steps: 30, restarts: 1 }),
  'fab-t': fab({ id: 'fab-t', targeted: true, rivals: RIVALS, steps: 100, restarts: 1 }),
  deepfool: deepfool({ steps: 50, rivals: RIVALS }),
  cw: cw({ steps: 100, searches: 5 }),
  ddn: ddn({ steps: 100 }),
  alma: alma({ steps: 1000 }),
  pdpgd: pdpgd({ steps: 500 }),
  fmn: fmn({ id: 'fmn', steps: 100, rounds: 1, rivals: 0 }),
  'corner-search': cornerSearch({ rivals: 3, shortlist: 64, exchanges: 4 }),
  'fmn-rounds': fmn(fmnRounds),
} satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof attackTable;
