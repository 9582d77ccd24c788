/** Functions of one number, on values inside their domains. */
import type { Measured, Recipe, Recipes } from './workshop.ts';

type Plain = 'relu' | 'sigmoid' | 'tanh' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs';

/** An increasing or decreasing function: its ends are at the ends. */
function monotone(op: Plain, f: (x: number) => number, prepare: Recipe): Recipe {
  return (w, source) => {
    const x: Measured = prepare(w, source);
    const ends = [f(x.low), f(x.high)];
    return w.measured(w.b.push(op, [x.node], {}), Math.min(...ends), Math.max(...ends));
  };
}

const asIs: Recipe = (_, source) => source;
const positive: Recipe = (w, source) => w.positive(source);

export const activations: Recipes<Plain | 'leakyRelu' | 'clip'> = {
  relu: monotone('relu', (x) => Math.max(x, 0), asIs),
  leakyRelu: (w, { node, low, high }) => {
    const slope = w.draw.pick([0.01, 0.3, 1.5, -0.2]);
    const most = Math.max(Math.abs(low), Math.abs(high)) * Math.max(1, Math.abs(slope));
    return w.measured(w.b.push('leakyRelu', [node], { slope }), -most, most);
  },
  sigmoid: monotone('sigmoid', (x) => 1 / (1 + Math.exp(-x)), asIs),
  tanh: monotone('tanh', Math.tanh, asIs),
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
};
