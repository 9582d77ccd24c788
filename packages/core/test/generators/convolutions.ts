/** Convolutions of every geometry in one and two spatial axes, and both of their adjoints. */
import type { Draw } from './draw.ts';
import { geometryOf, transposedSizes, windowCounts, windowFor } from './geometry.ts';
import type { Measured, Recipes, Workshop } from './workshop.ts';

interface Layers {
  readonly groups: number;
  /** Input channels of a group. */
  readonly perGroup: number;
  /** Output channels, all groups together. */
  readonly outputs: number;
}

function layersOf(draw: Draw): Layers {
  const groups = draw.chance(0.3) ? 2 : 1;
  return { groups, perGroup: draw.integer(1, 2), outputs: groups * draw.integer(1, 2) };
}

function spatialSizes(draw: Draw, least: number, most: number): number[] {
  return draw.list(draw.integer(1, 2), () => draw.integer(least, most));
}

const reach = ({ low, high }: Measured): number => Math.max(Math.abs(low), Math.abs(high));

function bounded(
  w: Workshop,
  node: Measured['node'],
  terms: number,
  x: Measured,
  weight = 1,
): Measured {
  const most = terms * reach(x) * weight;
  return w.measured(node, -most, most);
}

export const convolutions: Recipes<'conv' | 'convTranspose' | 'convWeights'> = {
  conv: (w, source) => {
    const { groups, perGroup, outputs } = layersOf(w.draw);
    const sizes = spatialSizes(w.draw, 3, 5);
    const window = windowFor(w.draw, sizes, groups);
    const x = w.fitted(source, [groups * perGroup, ...sizes]);
    const weights = w.constant([outputs, perGroup, ...window.kernel]);
    const node = w.b.push('conv', [x.node, weights.node], geometryOf(window));
    return bounded(w, node, perGroup * 9, x, reach(weights));
  },
  convTranspose: (w, source) => {
    const { groups, perGroup, outputs } = layersOf(w.draw);
    const counts = spatialSizes(w.draw, 2, 3);
    // Pads that leave at least one element of the smallest result.
    const window = windowFor(w.draw, [3, 3].slice(0, counts.length), groups, (k) =>
      k > 1 ? 1 : 0,
    );
    const size = transposedSizes(w.draw, window, counts);
    const y = w.fitted(source, [outputs, ...counts]);
    const weights = w.constant([outputs, perGroup, ...window.kernel]);
    const attributes = { ...geometryOf(window), size };
    const node = w.b.push('convTranspose', [y.node, weights.node], attributes);
    return bounded(w, node, outputs * 9, y, reach(weights));
  },
  convWeights: (w, source) => {
    const { groups, perGroup, outputs } = layersOf(w.draw);
    const sizes = spatialSizes(w.draw, 3, 5);
    const window = windowFor(w.draw, sizes, groups);
    const counts = windowCounts(window, sizes);
    const attributes = { ...geometryOf(window), size: window.kernel };
    const channels = groups * perGroup;
    if (w.batch === 1) {
      // The batch is summed over, so only one sample can keep it in front.
      const x = w.tamed(w.fitted(source, [channels, ...sizes]), 1);
      const y = w.tamed(w.fitted(w.draw.pick(w.pool), [outputs, ...counts]), 1);
      const node = w.b.push('convWeights', [x.node, y.node], attributes);
      const flat = outputs * perGroup * window.kernel.reduce((product, k) => product * k, 1);
      return bounded(w, w.b.reshape(node, [1, flat]), 25, x);
    }
    const samples = w.draw.integer(1, 2);
    const x = w.constant([samples, channels, ...sizes], -0.3, 0.3);
    const y = w.constant([samples, outputs, ...counts], -0.3, 0.3);
    const weights = w.b.push('convWeights', [x.node, y.node], attributes);
    const image = w.fitted(source, [channels, ...sizes]);
    const node = w.b.push('conv', [image.node, weights], geometryOf(window));
    const weight = (reach(x) / 0.3) * (reach(y) / 0.3);
    return bounded(w, node, perGroup * 9 * 5, image, weight);
  },
};
