/** Numbers in the sentences of indicators. */
import type { Trial } from './evidence.ts';

export const percent = (share: number): string =>
  `${(100 * share).toFixed(1).replace(/\.0$/, '')}%`;

export const broke = ({ broken }: Trial): number => broken.filter(Boolean).length;

/** "square broke 92 of 100". */
export const told = (trial: Trial): string =>
  `${trial.id} broke ${broke(trial)} of ${trial.broken.length}`;
