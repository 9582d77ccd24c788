/**
 * Two networks side by side: which inputs of a copy (`equal-to`, `isomorphic-to`) correspond to which of
 * its original, and how far a disjunct lets them differ. Inputs tied by an equality differ by a point.
 */
import { addDown, addUp, overDown, overUp } from '../tensor/float64.ts';
import type { Disjunct } from './problem.ts';
import type { Query, QueryNetwork } from './query.ts';
import type { Interval } from './reading.ts';

/** An input of a copy and the input of its original at the same place, in the joint vector. */
export interface InputPair {
  readonly copy: number;
  readonly original: number;
}

/** Empty where no network is a copy of another. */
export function inputPairs(query: Query): InputPair[] {
  const named = new Map(query.networks.map((network) => [network.name, network]));
  return query.networks.flatMap((network) => {
    const original = network.equivalence && named.get(network.equivalence.to);
    if (!original) return [];
    const [own, other] = [network, original].map(inputsOf);
    return (own ?? []).map((copy, i) => ({ copy, original: other?.[i] ?? -1 }));
  });
}

function inputsOf({ tensors }: QueryNetwork): number[] {
  return tensors
    .filter(({ role }) => role === 'input')
    .flatMap(({ offset, size }) => Array.from({ length: size }, (_, i) => offset + i));
}

/** An interval that holds copy − original wherever the disjunct's box and rows hold; rounded outward. */
export function differenceWithin({ box, rows }: Disjunct, { copy, original }: InputPair): Interval {
  const [low, high] = [box.lower, box.upper];
  let lower = addDown(low[copy] ?? -Infinity, -(high[original] ?? Infinity));
  let upper = addUp(high[copy] ?? Infinity, -(low[original] ?? -Infinity));
  for (const { variables, coefficients, spread, bound } of rows) {
    if (variables.length !== 2 || spread) continue;
    const at = variables.indexOf(copy);
    if (at < 0 || !variables.includes(original)) continue;
    const [own, other] = [coefficients[at] ?? 0, coefficients[1 - at] ?? 0];
    if (own !== -other) continue;
    // own · (copy − original) ≤ bound
    if (own > 0) upper = Math.min(upper, overUp(bound, own));
    else lower = Math.max(lower, overDown(bound, own));
  }
  return { lower, upper };
}
