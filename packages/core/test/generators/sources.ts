/** Further inputs, and constants as values of their own. */
import type { Recipes } from './workshop.ts';

export const sources: Recipes<'input' | 'constant'> = {
  input: (w, source) => w.input(w.dims(source)),
  constant: (w, source) => {
    const { node, low, high } = w.constant([1, ...w.dims(source)], -2, 2);
    return w.measured(w.b.expand(node, [w.batch, ...w.dims(source)]), low, high);
  },
};
