/** The greatest elements along any axis behind the batch. */
import type { Recipes } from './workshop.ts';

export const selection: Recipes<'topK'> = {
  topK: (w, source) => {
    const axis = w.draw.integer(1, source.node.shape.length - 1);
    const k = w.draw.integer(1, Math.min(4, Number(source.node.shape[axis])));
    return { ...source, node: w.b.push('topK', [source.node], { axis, k }) };
  },
};
