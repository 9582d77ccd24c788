/** Pools of every geometry in one and two spatial axes. */
import { windowFor } from './geometry.ts';
import type { Recipes } from './workshop.ts';

export const pooling: Recipes<'maxPool' | 'averagePool'> = {
  maxPool: (w, source) => {
    const sizes = w.draw.list(w.draw.integer(1, 2), () => w.draw.integer(3, 5));
    const { kernel, strides, padBefore, padAfter, dilations } = windowFor(w.draw, sizes, 1);
    const x = w.fitted(source, [w.draw.integer(1, 2), ...sizes]);
    const attributes = { kernel, strides, padBefore, padAfter, dilations };
    return { ...source, node: w.b.push('maxPool', [x.node], attributes) };
  },
  // No tap of a window need be inside where pads are longer than a kernel: its mean is then of nothing.
  averagePool: (w, source) => {
    const sizes = w.draw.list(w.draw.integer(1, 2), () => w.draw.integer(3, 5));
    const { kernel, strides, padBefore, padAfter, dilations } = windowFor(w.draw, sizes, 1);
    const x = w.fitted(source, [w.draw.integer(1, 2), ...sizes]);
    const [padded, appended] = [w.draw.chance(0.5), w.draw.chance(0.3)];
    const counted = sizes.map((size, i): [number, number] =>
      padded ? [-(padBefore[i] ?? 0), size + (appended ? 0 : (padAfter[i] ?? 0))] : [0, size],
    );
    const attributes = { kernel, strides, padBefore, padAfter, dilations, counted };
    return { ...source, node: w.b.push('averagePool', [x.node], attributes) };
  },
};
