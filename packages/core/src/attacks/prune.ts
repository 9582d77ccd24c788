/**
 * Pruning of a sparse break: changes that it does not need are undone, the least missed first, until
 * every one that is left is needed.
 */
import type { SetContext } from '../threats/ball.ts';
import { Corners } from './corners.ts';
import type { NearestBreaks } from './nearest.ts';
import { RowTrials } from './row-trials.ts';

/** Features of a point by how little the margin minds their being undone. */
export interface Removals {
  readonly features: readonly number[];
  /** The margin without each, in the same order: least first. */
  readonly margins: readonly number[];
}

export async function removalsFrom(
  x: Float32Array,
  corners: Corners,
  trials: RowTrials,
): Promise<Removals> {
  const features = corners.changed(x);
  for (const feature of features) corners.undo(trials.add(x), feature);
  const { margin } = await trials.ask();
  const order = [...features.keys()].sort((p, q) => (margin[p] ?? 0) - (margin[q] ?? 0) || p - q);
  return {
    features: order.map((i) => features[i] ?? 0),
    margins: order.map((i) => margin[i] ?? Infinity),
  };
}

/** Prunes the row's nearest break; returns what its last features are worth. */
export async function prune(
  breaks: NearestBreaks,
  row: number,
  corners: Corners,
  trials: RowTrials,
): Promise<Removals> {
  for (;;) {
    const before = breaks.distances[row] ?? 0;
    const x = breaks.best(row).slice();
    const removals = await removalsFrom(x, corners, trials);
    // Far from needed ones go many at a time: the first 2, 4, 8, …
    for (let many = 2; many < removals.features.length; many *= 2) {
      const fewer = trials.add(x);
      for (const feature of removals.features.slice(0, many)) corners.undo(fewer, feature);
    }
    if (trials.count > 0) await trials.ask();
    if (!((breaks.distances[row] ?? 0) < before)) return removals;
  }
}

export async function pruneRow(
  { threat, classifier }: SetContext,
  breaks: NearestBreaks,
  row: number,
): Promise<void> {
  const corners = new Corners(threat, breaks.centre(row));
  await prune(breaks, row, corners, new RowTrials(breaks, row, classifier.sampleSize));
}
