/** The bounds that are propagated layer by layer, by their names. */
import type { Method } from './layerwise.ts';

/** Steps of Adam for the slopes: as many as auto_LiRPA's default. */
const climbing = { steps: 20 };

export const boundMethods = {
  interval: { inside: 'interval', rows: 'interval' },
  forward: { inside: 'forward', rows: 'forward' },
  'crown-ibp': { inside: 'interval', rows: 'linear' },
  crown: { inside: 'linear', rows: 'linear' },
  /** Slopes inside are optimised as well, each layer's for itself. */
  'alpha-crown': { inside: climbing, rows: climbing },
} as const satisfies Readonly<Record<string, Method>>;

export type BoundName = keyof typeof boundMethods;

/**
 * A method with those whose bounds it tightens, in order. Intervals are part of every backward method: it
 * begins each layer with one, over what it knows of the layers before.
 */
export function methodsUpTo(name: BoundName): readonly Method[] {
  const names: readonly BoundName[] = name === 'alpha-crown' ? ['crown', name] : [name];
  return names.map((each) => boundMethods[each]);
}

/** Slopes optimised for the rows asked for alone. */
export const lastSlopes = { inside: 'linear', rows: climbing } as const satisfies Method;
