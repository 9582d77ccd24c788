/** Sums, maxima and smooth maxima over some of the axes behind the batch. */
import type { Measured, Recipe, Recipes, Workshop } from './workshop.ts';

interface Axes {
  readonly axes: readonly number[];
  readonly keep: boolean;
  readonly count: number;
}

function axesOf(w: Workshop, source: Measured): Axes {
  const all = w.dims(source).map((_, i) => i + 1);
  const some = all.filter(() => w.draw.chance(0.5));
  const axes = some.length > 0 ? some : [w.draw.pick(all)];
  const count = axes.reduce((product, axis) => product * Number(source.node.shape[axis]), 1);
  return { axes, keep: axes.length === all.length || w.draw.chance(0.5), count };
}

const reduceSum: Recipe = (w, source) => {
  const { axes, keep, count } = axesOf(w, source);
  const node = w.b.push('reduceSum', [source.node], { axes, keep });
  return w.measured(node, Math.min(0, source.low) * count, Math.max(0, source.high) * count);
};

const reduceMax: Recipe = (w, source) => {
  const { axes, keep } = axesOf(w, source);
  return { ...source, node: w.b.push('reduceMax', [source.node], { axes, keep }) };
};

const reduceLogSumExp: Recipe = (w, source) => {
  const { axes, keep, count } = axesOf(w, source);
  const node = w.b.push('reduceLogSumExp', [source.node], { axes, keep });
  return w.measured(node, source.low, source.high + Math.log(count));
};

const reduceL2: Recipe = (w, source) => {
  const { axes, keep, count } = axesOf(w, source);
  const node = w.b.push('reduceL2', [source.node], { axes, keep });
  const most = Math.max(Math.abs(source.low), Math.abs(source.high));
  return w.measured(node, 0, most * Math.sqrt(count));
};

export const reductions: Recipes<'reduceSum' | 'reduceMax' | 'reduceLogSumExp' | 'reduceL2'> = {
  reduceSum,
  reduceMax,
  reduceLogSumExp,
  reduceL2,
};
