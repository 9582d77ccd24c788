/** The optimisers by name. */
import { adam } from './adam.ts';
import type { Optimiser } from './optimiser.ts';
import { sgd } from './sgd.ts';

export const optimisers = { adamw: adam, sgd } as const satisfies Record<string, Optimiser>;

export type OptimiserName = keyof typeof optimisers;
