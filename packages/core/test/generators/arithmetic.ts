/** Sums, products, quotients and extremes with partners that broadcast, in either order. */
import type { Node } from '../../src/graph/graph.ts';
import type { Measured, Recipe, Recipes } from './workshop.ts';

type Ends = readonly [low: number, high: number];

function paired(
  op: 'add' | 'sub' | 'mul' | 'max' | 'min',
  ends: (x: Measured, y: Measured) => Ends,
): Recipe {
  return (w, source) => {
    const partner = w.partner(source);
    const [x, y] = w.draw.chance(0.7) ? [source, partner] : [partner, source];
    const operands: readonly Node[] = [x.node, y.node];
    return w.measured(w.b.push(op, operands, {}), ...ends(x, y));
  };
}

function products(x: Measured, y: Measured): Ends {
  const corners = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
  return [Math.min(...corners), Math.max(...corners)];
}

const product = paired('mul', products);

export const arithmetic: Recipes<'add' | 'sub' | 'mul' | 'div' | 'neg' | 'max' | 'min'> = {
  add: paired('add', (x, y) => [x.low + y.low, x.high + y.high]),
  sub: paired('sub', (x, y) => [x.low - y.high, x.high - y.low]),
  mul: (w, source) => {
    if (w.draw.chance(0.7)) return product(w, source);
    const most = Math.max(Math.abs(source.low), Math.abs(source.high));
    return w.measured(w.b.push('mul', [source.node, source.node], {}), 0, most * most);
  },
  div: (w, source) => {
    const numerator = w.draw.chance(0.7) ? w.partner(source) : w.constant([], 1, 2);
    const [over, under] = w.draw.chance(0.5)
      ? [numerator, w.positive(source)]
      : [source, w.constant(w.dims(source), 0.5, 2)];
    const sign = w.draw.chance(0.3) ? -1 : 1;
    const divisor = sign === 1 ? under.node : w.b.neg(under.node);
    const most = Math.max(Math.abs(over.low), Math.abs(over.high)) / under.low;
    return w.measured(w.b.push('div', [over.node, divisor], {}), -most, most);
  },
  neg: (w, { node, low, high }) => w.measured(w.b.push('neg', [node], {}), -high, -low),
  max: paired('max', (x, y) => [Math.max(x.low, y.low), Math.max(x.high, y.high)]),
  min: paired('min', (x, y) => [Math.min(x.low, y.low), Math.min(x.high, y.high)]),
};
