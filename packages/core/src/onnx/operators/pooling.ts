/** Averages and maxima of windows, and of whole images. */
import { known, multiply, type Shape } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { type PoolGeometry, pooledSizes } from '../../graph/ops/pooling.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { windowGeometry } from './windows.ts';

function averagePool(c: LoweringContext): Node {
  const x = c.operand();
  const kernel = c.ints('kernel_shape');
  if (!kernel) throw c.invalid('AveragePool needs kernel_shape');
  const g = windowGeometry(c, kernel, x.shape);
  // What its gradient writes down: a one for each tap of each channel, a count for each window.
  c.listable(kernel.reduce((product, size) => product * size, known(x.shape[1] ?? 1, 'channels')));
  c.listable(pooledSizes(g, x.shape).reduce((product, count) => product * c.listable(count), 1));
  return c.b.push('averagePool', [x], { ...g, counted: countedPositions(c, g, x.shape) });
}

/** Declared or automatic pads may count; what ceil_mode appends to reach a last window never does. */
function countedPositions(c: LoweringContext, g: PoolGeometry, x: Shape): [number, number][] {
  const automatic = c.text('auto_pad', 'NOTSET').startsWith('SAME');
  const declared = c.ints('pads')?.slice(g.kernel.length) ?? [];
  const includePad = c.flag('count_include_pad', false);
  return g.kernel.map((_, i) => {
    const size = known(x[i + 2] ?? 0, 'a pooled axis');
    const after = (automatic ? g.padAfter : declared)[i] ?? 0;
    return includePad ? [-(g.padBefore[i] ?? 0), size + after] : [0, size];
  });
}

/** Elements of a pooling window that are written out one by one in its gradient. */
const MOST_TAPS = 1024;

/** Does one window see every element, and each of them once? */
function coversAll(g: PoolGeometry, shape: Shape): boolean {
  return g.kernel.every((taps, i) => {
    const [before = 0, dilation = 1] = [g.padBefore[i], g.dilations[i]];
    return (
      (dilation === 1 || taps === 1) && taps - before >= known(shape[i + 2] ?? 0, 'a pooled axis')
    );
  });
}

function maxPool(c: LoweringContext): Node {
  const x = c.operand();
  const kernel = c.ints('kernel_shape');
  if (!kernel) throw c.invalid('MaxPool needs kernel_shape');
  if (kernel.length > 2) throw c.unsupported('3-D pooling is not supported');
  const geometry = windowGeometry(c, kernel, x.shape);
  if (kernel.length + 2 !== x.shape.length) throw c.invalid('its kernel does not fit its input');
  const windows = pooledSizes(geometry, x.shape);
  if (windows.some((size) => size < 1)) {
    throw c.invalid('the pooling window is larger than its input');
  }
  const axes = kernel.map((_, i) => i + 2);
  if (windows.every((count) => count === 1) && coversAll(geometry, x.shape)) {
    return c.b.maximum(x, axes, true);
  }
  const taps = sizeOf(kernel);
  if (taps > MOST_TAPS) {
    throw c.unsupported(`a window of ${taps} elements is not supported, only of ${MOST_TAPS}`);
  }
  return c.b.push('maxPool', [x], geometry);
}

export const pooling: Readonly<Record<string, Lowering>> = {
  AveragePool: averagePool,
  GlobalAveragePool: (c) => {
    const x = c.operand();
    const axes = x.shape.slice(2).map((_, i) => i + 2);
    const count = x.shape.slice(2).reduce((product, dim) => multiply(product, dim), 1);
    return c.b.mul(c.b.sum(x, axes, true), 1 / known(count, 'the pooled area'));
  },
  MaxPool: maxPool,
  GlobalMaxPool: (c) => {
    const x = c.operand();
    return c.b.maximum(
      x,
      x.shape.slice(2).map((_, i) => i + 2),
      true,
    );
  },
};
