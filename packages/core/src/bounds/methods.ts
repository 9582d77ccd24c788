/** The bounds that are propagated layer by layer, by their names: each at least as tight as the one before. */
import type { Method } from './layerwise.ts';

/** Steps of Adam for the slopes: as many as auto_LiRPA's default. */
const STEPS = 20;

export const boundMethods = {
  interval: { inside: false, linear: false, steps: 0 },
  'crown-ibp': { inside: false, linear: true, steps: 0 },
  crown: { inside: true, linear: true, steps: 0 },
  'alpha-crown': { inside: true, linear: true, steps: STEPS },
} as const satisfies Readonly<Record<string, Method>>;

export type BoundName = keyof typeof boundMethods;
