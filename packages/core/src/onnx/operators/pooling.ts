/** Averages and maxima of windows, and of whole images. */
import { known, multiply, type Shape } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { type ConvGeometry, convolvedSize } from '../../graph/ops/convolutions.ts';
import { type PoolGeometry, pooledSizes } from '../../graph/ops/pooling.ts';
import { floats, sizeOf } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { pick } from './linear.ts';
import { windowGeometry } from './windows.ts';

/** A depthwise convolution by ones, divided by what each window counts. */
function averagePool(c: LoweringContext): Node {
  const { b } = c;
  const x = c.operand();
  const kernel = c.ints('kernel_shape');
  if (!kernel) throw c.invalid('AveragePool needs kernel_shape');
  const g = windowGeometry(c, kernel, x.shape);
  const channels = known(x.shape[1] ?? 1, 'channels');
  const window = kernel.reduce((product, size) => product * size, 1);
  c.listable(channels * window);
  const weights = floats(new Float32Array(channels * window).fill(1), [channels, 1, ...kernel]);
  const geometry: ConvGeometry = { ...g, groups: channels };
  const sums = b.push('conv', [x, b.constant(weights)], pick(geometry));
  return b.mul(sums, b.constant(inverseCounts(c, g, x.shape)));
}

/** 1 / (number of elements a window averages): all of its taps, or those that are not padding. */
function inverseCounts(c: LoweringContext, g: PoolGeometry, x: Shape): ReturnType<typeof floats> {
  const rank = g.kernel.length;
  // Declared or automatic pads may count; what ceil_mode appends to reach a last window never does.
  const automatic = c.text('auto_pad', 'NOTSET').startsWith('SAME');
  const declared = c.ints('pads')?.slice(rank) ?? [];
  const includePad = c.flag('count_include_pad', false);
  const perAxis = g.kernel.map((kernel, i) => {
    const size = known(x[i + 2] ?? 0, 'a pooled axis');
    const [before = 0, stride = 1, dilation = 1] = [g.padBefore[i], g.strides[i], g.dilations[i]];
    const after = (automatic ? g.padAfter : declared)[i] ?? 0;
    const [low, high] = includePad ? [-before, size + after] : [0, size];
    const windows = c.listable(convolvedSize({ ...g, groups: 1 }, size, kernel, i));
    return Array.from({ length: windows }, (_, q) => {
      // Taps k with low ≤ start + k·dilation < high.
      const start = q * stride - before;
      const first = Math.max(0, Math.ceil((low - start) / dilation));
      const behind = Math.min(kernel, Math.ceil((high - start) / dilation));
      return Math.max(0, behind - first);
    });
  });
  c.listable(perAxis.reduce((product, axis) => product * axis.length, 1));
  let counts = [1];
  for (const axis of perAxis)
    counts = counts.flatMap((outer) => axis.map((count) => outer * count));
  return floats(
    counts.map((count) => 1 / count),
    [1, 1, ...perAxis.map((axis) => axis.length)],
  );
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
