/** Softmax over any axis behind the batch, batch normalisation and dropout. */
import type { Recipes } from './workshop.ts';

export const normalisations: Recipes<'softmax' | 'logSoftmax' | 'batchNorm' | 'dropout'> = {
  softmax: (w, { node }) => {
    const axis = w.draw.integer(1, node.shape.length - 1);
    return w.measured(w.b.push('softmax', [node], { axis }), 0, 1);
  },
  logSoftmax: (w, { node, low, high }) => {
    const axis = w.draw.integer(1, node.shape.length - 1);
    const least = low - high - Math.log(Number(node.shape[axis]));
    return w.measured(w.b.push('logSoftmax', [node], { axis }), least, 0);
  },
  batchNorm: (w, source) => {
    const [channels = 1] = w.dims(source);
    const vector = (low: number, high: number): typeof source => w.constant([channels], low, high);
    const [scale, shift, mean] = [vector(-1, 1), vector(-0.5, 0.5), vector(-0.5, 0.5)];
    const variance = vector(0.3, 2);
    const operands = [source, scale, shift, mean, variance].map(({ node }) => node);
    const epsilon = w.draw.pick([1e-5, 1e-3]);
    const steep = (1.9 * scale.high) / Math.sqrt(variance.low / 0.3);
    const reach = Math.max(Math.abs(source.low), Math.abs(source.high)) + mean.high;
    const most = reach * steep + shift.high;
    return w.measured(w.b.push('batchNorm', operands, { epsilon }), -most, most);
  },
  dropout: (w, source) => ({
    ...source,
    node: w.b.push('dropout', [source.node], { ratio: 0.5 }),
  }),
};
