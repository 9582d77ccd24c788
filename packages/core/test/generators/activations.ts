/** Activation functions, on values of any sign. */
import { monotone } from './powers.ts';
import type { Recipe, Recipes } from './workshop.ts';

type Plain = 'relu' | 'sigmoid' | 'tanh' | 'softplus' | 'softsign' | 'erf';
type Gated = 'gelu' | 'geluTanh' | 'mish';

/** Every gated activation lies above −⅓ and below |x|. */
const gated =
  (op: Gated): Recipe =>
  (w, { node, low, high }) =>
    w.measured(w.b.push(op, [node], {}), -0.34, Math.max(Math.abs(low), Math.abs(high)));

export const activations: Recipes<Plain | 'leakyRelu' | 'clip'> = {
  relu: monotone('relu', (x) => Math.max(x, 0)),
  leakyRelu: (w, { node, low, high }) => {
    const slope = w.draw.pick([0.01, 0.3, 1.5, -0.2]);
    const most = Math.max(Math.abs(low), Math.abs(high)) * Math.max(1, Math.abs(slope));
    return w.measured(w.b.push('leakyRelu', [node], { slope }), -most, most);
  },
  clip: (w, { node, low, high }) => {
    const [min, max] = w.draw.pick([
      [-0.5, 0.25],
      [-Infinity, 0.4],
      [-0.3, Infinity],
      [0.1, 0.2],
    ]) as [number, number];
    const clipped = w.b.push('clip', [node], { min, max });
    const clamp = (x: number): number => Math.min(Math.max(x, min), max);
    return w.measured(clipped, clamp(low), clamp(high));
  },
  sigmoid: monotone('sigmoid', (x) => 1 / (1 + Math.exp(-x))),
  tanh: monotone('tanh', Math.tanh),
  softplus: monotone('softplus', (x) => Math.log1p(Math.exp(x))),
  softsign: monotone('softsign', (x) => x / (1 + Math.abs(x))),
  erf: (w, { node }) => w.measured(w.b.push('erf', [node], {}), -1, 1),
};

export const gatedActivations: Recipes<Gated> = {
  gelu: gated('gelu'),
  geluTanh: gated('geluTanh'),
  mish: gated('mish'),
};
