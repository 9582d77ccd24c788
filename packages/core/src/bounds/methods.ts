/** The bounds that are propagated layer by layer, by their names: each at least as tight as the one before. */
import type { Method } from './layerwise.ts';

/** Steps of Adam for the slopes: as many as auto_LiRPA's default. */
const climbing = { steps: 20 };

export const boundMethods = {
  interval: { inside: 'interval', rows: 'interval' },
  'crown-ibp': { inside: 'interval', rows: 'linear' },
  crown: { inside: 'linear', rows: 'linear' },
  /** Slopes inside are optimised as well, each layer's for itself. */
  'alpha-crown': { inside: climbing, rows: climbing },
} as const satisfies Readonly<Record<string, Method>>;

export type BoundName = keyof typeof boundMethods;

/** A method with all that are cheaper before it. */
export function methodsUpTo(name: BoundName): readonly Method[] {
  const names = Object.keys(boundMethods) as BoundName[];
  return names.slice(0, names.indexOf(name) + 1).map((each) => boundMethods[each]);
}

/** Slopes optimised for the rows asked for alone. */
export const lastSlopes = { inside: 'linear', rows: climbing } as const satisfies Method;
