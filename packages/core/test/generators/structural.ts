/** Values moved about: shapes, permutations, selections and paddings drawn at random. */
import type { Measured, Recipes, Workshop } from './workshop.ts';

/** A value with at least two axes behind the batch. */
function withAxes(w: Workshop, source: Measured): Measured {
  return w.dims(source).length >= 2 ? source : w.fitted(source, [2, 3]);
}

/** Some axis behind the batch, and its size. */
function someAxis(w: Workshop, source: Measured): [number, number] {
  const axis = w.draw.integer(1, w.dims(source).length);
  return [axis, Number(source.node.shape[axis])];
}

const withZero = ({ low, high }: Measured): [number, number] => [
  Math.min(low, 0),
  Math.max(high, 0),
];

export const structural: Recipes<
  | 'reshape'
  | 'transpose'
  | 'expand'
  | 'concat'
  | 'slice'
  | 'pad'
  | 'gather'
  | 'scatterAdd'
  | 'lookup'
> = {
  reshape: (w, source) => {
    let rest = w.dims(source).reduce((product, dim) => product * dim, 1);
    const dims: number[] = [];
    for (const factor of w.draw.shuffled([2, 3, 2, 5])) {
      if (rest % factor === 0 && w.draw.chance(0.6)) {
        dims.push(factor);
        rest /= factor;
      }
    }
    const shape = [
      w.batch,
      ...w.draw.shuffled([...dims.slice(0, 2), rest * (dims[2] ?? 1) * (dims[3] ?? 1)]),
    ];
    return { ...source, node: w.b.push('reshape', [source.node], { shape }) };
  },
  transpose: (w, source) => {
    const value = withAxes(w, source);
    const axes = value.node.shape.map((_, axis) => axis);
    if (w.draw.chance(0.3)) {
      // The batch goes to the back, something happens there, and it comes again to the front.
      const back = w.b.push('transpose', [value.node], { permutation: [...axes.slice(1), 0] });
      const node = w.b.push('transpose', [w.b.neg(back)], {
        permutation: [axes.length - 1, ...axes.slice(0, -1)],
      });
      return w.measured(node, -value.high, -value.low);
    }
    const permutation = [0, ...w.draw.shuffled(axes.slice(1))];
    return { ...value, node: w.b.push('transpose', [value.node], { permutation }) };
  },
  expand: (w, source) => {
    const dims = w.dims(source);
    const axis = w.draw.integer(0, dims.length);
    const single = [...dims.slice(0, axis), 1, ...dims.slice(axis)].slice(0, 3);
    const narrow = w.fitted(source, single);
    const wide = single.map((dim) => (dim === 1 ? w.draw.integer(2, 3) : dim));
    return {
      ...source,
      node: w.b.push('expand', [narrow.node], { shape: [w.batch, ...wide] }),
    };
  },
  concat: (w, source) => {
    const [axis, size] = someAxis(w, source);
    const others = w.draw.list(w.draw.integer(1, 2), () => w.draw.integer(1, Math.min(size, 3)));
    const parts = others.map((other) => {
      const dims = w.dims(source).map((dim, i) => (i + 1 === axis ? other : dim));
      if (!w.draw.chance(0.3)) return w.fitted(w.draw.pick(w.pool), dims);
      const constant = w.constant([1, ...dims]);
      return { ...constant, node: w.b.expand(constant.node, [w.batch, ...dims]) };
    });
    const all = w.draw.shuffled([source, ...parts]);
    return w.measured(
      w.b.push(
        'concat',
        all.map(({ node }) => node),
        { axis },
      ),
      Math.min(...all.map(({ low }) => low)),
      Math.max(...all.map(({ high }) => high)),
    );
  },
  slice: (w, source) => {
    const [axis, size] = someAxis(w, source);
    const start = w.draw.integer(0, size - 1);
    const end = w.draw.integer(start + 1, size);
    return { ...source, node: w.b.push('slice', [source.node], { axis, start, end }) };
  },
  pad: (w, source) => {
    const amounts = (): number[] => [0, ...w.dims(source).map(() => w.draw.integer(0, 2))];
    const value = w.draw.chance(0.5) ? 0 : w.draw.real(-1, 1);
    const node = w.b.push('pad', [source.node], { before: amounts(), after: amounts(), value });
    return w.measured(node, Math.min(source.low, value), Math.max(source.high, value));
  },
  gather: (w, source) => {
    const [axis, size] = someAxis(w, source);
    const indices = w.draw.list(w.draw.integer(1, 5), () => w.draw.integer(0, size - 1));
    return { ...source, node: w.b.push('gather', [source.node], { axis, indices }) };
  },
  lookup: (w, source) => {
    const table = w.constant([3, ...w.draw.list(w.draw.integer(0, 2), () => w.draw.integer(1, 3))]);
    const few = w.fitted(source, [w.draw.integer(1, 4)]).node;
    const positions = w.b.add(w.b.step(few), w.b.greater(few, 0.5));
    return { ...table, node: w.b.push('lookup', [table.node, positions], {}) };
  },
  scatterAdd: (w, source) => {
    const [axis, count] = someAxis(w, source);
    const size = w.draw.integer(1, count + 1);
    const indices = w.draw.list(count, () => w.draw.integer(0, size - 1));
    const [low, high] = withZero(source);
    const node = w.b.push('scatterAdd', [source.node], { axis, indices, size });
    return w.measured(node, low * count, high * count);
  },
};
