/** Max pools of every geometry in one and two spatial axes. */
import { windowFor } from './geometry.ts';
import type { Recipes } from './workshop.ts';

export const pooling: Recipes<'maxPool'> = {
  maxPool: (w, source) => {
    const sizes = w.draw.list(w.draw.integer(1, 2), () => w.draw.integer(3, 5));
    const { kernel, strides, padBefore, padAfter, dilations } = windowFor(w.draw, sizes, 1);
    const x = w.fitted(source, [w.draw.integer(1, 2), ...sizes]);
    const attributes = { kernel, strides, padBefore, padAfter, dilations };
    return { ...source, node: w.b.push('maxPool', [x.node], attributes) };
  },
};
