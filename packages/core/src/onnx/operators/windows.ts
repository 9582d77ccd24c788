/** The windows of convolutions and pools: what their attributes mean, opset by opset. */
import { known, type Shape } from '../../graph/dimension.ts';
import type { PoolGeometry } from '../../graph/ops/pooling.ts';
import type { LoweringContext } from '../lowering.ts';

/** No stride, pad or dilation is longer: it would reach beyond any axis. */
export const MOST_STEP = 2 ** 31;

/** Kernel, strides, pads and dilations of Conv and the pools, with auto_pad and ceil_mode resolved. */
export function windowGeometry(
  c: LoweringContext,
  kernel: readonly number[],
  x: Shape,
): PoolGeometry {
  const rank = kernel.length;
  const ones = kernel.map(() => 1);
  const strides = c.ints('strides') ?? ones;
  const dilations = c.ints('dilations') ?? ones;
  const pads = c.ints('pads') ?? [...ones, ...ones].map(() => 0);
  const fits = (list: readonly number[], length: number, least: number): boolean =>
    list.length === length && list.every((value) => value >= least && value <= MOST_STEP);
  if (!fits(kernel, rank, 1) || !fits(strides, rank, 1) || !fits(dilations, rank, 1)) {
    throw c.invalid('kernel, strides and dilations must be positive, one for each spatial axis');
  }
  if (!fits(pads, 2 * rank, 0)) throw c.invalid('pads must not be negative, two for each axis');
  let [padBefore, padAfter] = [pads.slice(0, rank), pads.slice(rank)];
  const reach = (i: number): number => (dilations[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1;
  const size = (i: number): number => known(x[i + 2] ?? 0, `a spatial axis of ${c.where}`);
  const automatic = c.text('auto_pad', 'NOTSET');
  if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
    const totals = kernel.map((_, i) => {
      const stride = strides[i] ?? 1;
      return Math.max(0, (Math.ceil(size(i) / stride) - 1) * stride + reach(i) - size(i));
    });
    const smaller = totals.map((total) => Math.floor(total / 2));
    const larger = totals.map((total) => Math.ceil(total / 2));
    [padBefore, padAfter] = automatic === 'SAME_UPPER' ? [smaller, larger] : [larger, smaller];
  } else if (automatic === 'VALID') {
    [padBefore, padAfter] = [ones.map(() => 0), ones.map(() => 0)];
  }
  if (c.flag('ceil_mode', false)) {
    // One more window where the last stride is cut short, unless it would start in the padding.
    padAfter = padAfter.map((after, i) => {
      const [stride, before] = [strides[i] ?? 1, padBefore[i] ?? 0];
      const span = size(i) + before + after - reach(i);
      const windows = Math.ceil(span / stride);
      const starts = windows * stride < size(i) + before;
      return starts ? after + Math.max(0, windows * stride - span) : after;
    });
  }
  return { kernel, strides, padBefore, padAfter, dilations };
}
