/** The table of ops: one row per family file. */
import type { OpName } from '../graph.ts';
import { activations } from './activations.ts';
import { arithmetic } from './arithmetic.ts';
import { averagePooling } from './average-pooling.ts';
import { comparisons } from './comparisons.ts';
import { contractions } from './contractions.ts';
import { convolutions } from './convolutions.ts';
import type { OpDefinition } from './definition.ts';
import { gatedActivations } from './gated-activations.ts';
import { gathers } from './gathers.ts';
import { inexact } from './inexact.ts';
import { lookups } from './lookups.ts';
import { normalisations } from './normalisations.ts';
import { pooling } from './pooling.ts';
import { powers } from './powers.ts';
import { raise } from './raise.ts';
import { reductions } from './reductions.ts';
import { roundingSteps } from './rounding-steps.ts';
import { selection } from './selection.ts';
import { sources } from './sources.ts';
import { structural } from './structural.ts';
import { trigonometric } from './trigonometric.ts';

/** Named so that whoever imports the types of this table gets every family's attributes with them. */
export type OpFamilies = typeof sources &
  typeof structural &
  typeof gathers &
  typeof lookups &
  typeof arithmetic &
  typeof contractions &
  typeof convolutions &
  typeof reductions &
  typeof activations &
  typeof gatedActivations &
  typeof powers &
  typeof raise &
  typeof trigonometric &
  typeof roundingSteps &
  typeof comparisons &
  typeof pooling &
  typeof averagePooling &
  typeof normalisations &
  typeof inexact &
  typeof selection;

const families: OpFamilies = {
  ...sources,
  ...structural,
  ...gathers,
  ...lookups,
  ...arithmetic,
  ...contractions,
  ...convolutions,
  ...reductions,
  ...activations,
  ...gatedActivations,
  ...powers,
  ...raise,
  ...trigonometric,
  ...roundingSteps,
  ...comparisons,
  ...pooling,
  ...averagePooling,
  ...normalisations,
  ...inexact,
  ...selection,
};

export const opTable: { readonly [K in OpName]: OpDefinition<K> } = families;

export function definitionOf<K extends OpName>(op: K): OpDefinition<K> {
  return opTable[op];
}

export const opNames = Object.keys(opTable).sort() as OpName[];
