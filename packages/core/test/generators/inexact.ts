/** Variances over an axis, or over all behind the batch. */
import type { Recipes } from './workshop.ts';

export const inexact: Recipes<'inexactVariance'> = {
  inexactVariance: (w, source) => {
    const x = w.tamed(source, 2);
    const last = x.node.shape.length - 1;
    const axes = w.draw.chance(0.5) ? [w.draw.integer(1, last)] : w.dims(x).map((_, i) => i + 1);
    const count = axes.reduce((product, axis) => product * Number(x.node.shape[axis]), 1);
    const average = (value: typeof x.node): typeof x.node =>
      w.b.mul(w.b.sum(value, axes, true), 1 / count);
    const centred = w.b.sub(x.node, average(x.node));
    const variance = w.b.relu(average(w.b.mul(centred, centred)));
    return w.measured(
      w.b.push('inexactVariance', [variance, x.node], { axes, about: 'mean' }),
      0,
      17,
    );
  },
};
