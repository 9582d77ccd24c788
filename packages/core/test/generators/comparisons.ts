/** Masks, and selections by masks that depend on values, on constants, or on nothing. */
import type { Node } from '../../src/graph/graph.ts';
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import type { Measured, Recipe, Recipes, Workshop } from './workshop.ts';

function mask(op: 'greater' | 'greaterOrEqual'): Recipe {
  return (w, source) => {
    const partner = w.partner(source);
    const operands: readonly Node[] = w.draw.chance(0.5)
      ? [source.node, partner.node]
      : [partner.node, source.node];
    return w.measured(w.b.push(op, operands, {}), 0, 1);
  };
}

function someMask(w: Workshop, source: Measured): Node {
  const dims = w.dims(source);
  switch (w.draw.integer(0, 2)) {
    case 0: {
      const bits = w.draw.list(sizeOf(dims), () => w.draw.integer(0, 1));
      return w.b.constant(floats(bits, [1, ...dims]));
    }
    case 1:
      return w.b.step(w.fitted(w.draw.pick(w.pool), dims).node);
    default:
      return w.b.greater(source.node, w.partner(source).node);
  }
}

export const comparisons: Recipes<
  'step' | 'sign' | 'greater' | 'greaterOrEqual' | 'equal' | 'where'
> = {
  step: (w, { node }) => w.measured(w.b.push('step', [node], {}), 0, 1),
  sign: (w, { node }) => w.measured(w.b.push('sign', [node], {}), -1, 1),
  greater: mask('greater'),
  greaterOrEqual: mask('greaterOrEqual'),
  equal: (w, source) => {
    // Values that are equal now and then: signs, and a value with itself in another order.
    const [x, y] = w.draw.chance(0.5)
      ? [w.b.sign(source.node), w.b.sign(w.partner(source).node)]
      : [source.node, w.fitted(w.draw.pick(w.pool), w.dims(source)).node];
    return w.measured(w.b.push('equal', [x, y], {}), 0, 1);
  },
  where: (w, source) => {
    const partner = w.partner(source);
    const [x, y] = w.draw.chance(0.5) ? [source, partner] : [partner, source];
    return w.measured(
      w.b.push('where', [someMask(w, source), x.node, y.node], {}),
      Math.min(x.low, y.low),
      Math.max(x.high, y.high),
    );
  },
};
