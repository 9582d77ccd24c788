/** The generators' table: for every op of the IR, how to make something that contains it. */
import type { OpName } from '../../src/graph/graph.ts';
import { activations, gatedActivations } from './activations.ts';
import { arithmetic } from './arithmetic.ts';
import { comparisons } from './comparisons.ts';
import { contractions } from './contractions.ts';
import { convolutions } from './convolutions.ts';
import { inexact } from './inexact.ts';
import { normalisations } from './normalisations.ts';
import { pooling } from './pooling.ts';
import { powers, raise, roundingSteps, trigonometric } from './powers.ts';
import { reductions } from './reductions.ts';
import { selection } from './selection.ts';
import { sources } from './sources.ts';
import { structural } from './structural.ts';
import type { Recipes } from './workshop.ts';

export const recipes: Recipes<OpName> = {
  ...sources,
  ...structural,
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
  ...normalisations,
  ...inexact,
  ...selection,
};
