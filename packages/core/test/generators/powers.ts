/** Powers, sines and steps of one number, on values inside their domains. */
import { floats, sizeOf } from '../../src/tensor/tensor.ts';
import type { Recipe, Recipes } from './workshop.ts';

type Monotone =
  | 'relu'
  | 'sigmoid'
  | 'tanh'
  | 'softplus'
  | 'softsign'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'round';

const asIs: Recipe = (_, source) => source;
const positive: Recipe = (w, source) => w.positive(source);

/** An increasing function: its ends are at the ends. */
export function monotone(op: Monotone, f: (x: number) => number, prepare = asIs): Recipe {
  return (w, source) => {
    const { node, low, high } = prepare(w, source);
    return w.measured(w.b.push(op, [node], {}), f(low), f(high));
  };
}

export const powers: Recipes<'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs' | 'pow'> = {
  exp: monotone('exp', Math.exp, (w, source) => w.tamed(source, 1.5)),
  log: monotone('log', Math.log, positive),
  sqrt: monotone('sqrt', Math.sqrt, positive),
  reciprocal: (w, source) => {
    const { node, low, high } = w.positive(source);
    if (w.draw.chance(0.7)) return w.measured(w.b.reciprocal(node), 1 / high, 1 / low);
    return w.measured(w.b.reciprocal(w.b.neg(node)), -1 / low, -1 / high);
  },
  abs: (w, { node, low, high }) =>
    w.measured(w.b.push('abs', [node], {}), 0, Math.max(Math.abs(low), Math.abs(high))),
  pow: (w, source) => {
    const exponent = w.draw.pick([3, 4, -2, -3, 1.5, 2.5, -0.5]);
    const whole = Number.isInteger(exponent) && exponent > 0;
    const { node, low, high } = whole ? w.tamed(source, 1.5) : w.positive(source);
    const most = Math.max(Math.abs(low) ** exponent, Math.abs(high) ** exponent);
    return w.measured(w.b.push('pow', [node], { exponent }), -most, most);
  },
};

/** Of two values that meet, a positive base; or of any base to whole numbers. */
export const raise: Recipes<'raise'> = {
  raise: (w, source) => {
    if (w.draw.chance(0.4)) {
      const { node, low, high } = w.tamed(source, 1.5);
      const dims = w.dims(source).slice(w.draw.integer(0, node.shape.length - 1));
      const wholes = w.draw.list(sizeOf(dims), () => w.draw.integer(0, 3));
      const most = Math.max(1, Math.abs(low) ** 3, Math.abs(high) ** 3);
      const exponents = w.b.constant(floats(wholes, dims));
      return w.measured(w.b.push('raise', [node, exponents], {}), -most, most);
    }
    const partner = w.tamed(w.partner(source), 1.5);
    const [under, over] = w.draw.chance(0.5) ? [source, partner] : [partner, source];
    const [base, exponent] = [w.positive(w.tamed(under, 1.5)), w.tamed(over, 1.5)];
    const reach = Math.max(Math.abs(exponent.low), Math.abs(exponent.high));
    const most = Math.max(base.high, 1 / base.low) ** reach;
    return w.measured(w.b.push('raise', [base.node, exponent.node], {}), 0, most);
  },
};

const wave =
  (op: 'sin' | 'cos'): Recipe =>
  (w, { node }) =>
    w.measured(w.b.push(op, [node], {}), -1, 1);

export const trigonometric: Recipes<'sin' | 'cos'> = { sin: wave('sin'), cos: wave('cos') };

export const roundingSteps: Recipes<'floor' | 'ceil' | 'round'> = {
  floor: monotone('floor', Math.floor),
  ceil: monotone('ceil', Math.ceil),
  round: monotone('round', Math.round),
};
