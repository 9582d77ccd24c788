/** Gemm, MatMul, Conv, batch normalisation and average pooling. */
import { known, multiply, type Shape } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { ConvGeometry } from '../../graph/ops/convolutions.ts';
import { convolvedSize } from '../../graph/ops/convolutions.ts';
import type { PoolGeometry } from '../../graph/ops/pooling.ts';
import { floats } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

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

/** Adds a per-channel vector on axis 1. */
export function addBias(c: LoweringContext, value: Node, bias: Node | undefined): Node {
  if (!bias) return value;
  const shape = value.shape.map((_, i) => (i === 1 ? (bias.shape[0] ?? 1) : 1));
  return c.b.add(value, c.b.reshape(bias, shape));
}

function matMul(c: LoweringContext, x: Node, y: Node): Node {
  const { b } = c;
  const row = x.shape.length === 1 ? b.reshape(x, [1, x.shape[0] ?? 1]) : x;
  const column = y.shape.length === 1 ? b.reshape(y, [y.shape[0] ?? 1, 1]) : y;
  const product = b.matMul(row, column);
  const shape = [
    ...product.shape.slice(0, -2),
    ...(x.shape.length === 1 ? [] : [product.shape.at(-2) ?? 1]),
    ...(y.shape.length === 1 ? [] : [product.shape.at(-1) ?? 1]),
  ];
  return b.reshape(product, shape);
}

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

export const pick = ({
  strides,
  padBefore,
  padAfter,
  dilations,
  groups,
}: ConvGeometry): ConvGeometry => ({
  strides,
  padBefore,
  padAfter,
  dilations,
  groups,
});

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

export const linear: Readonly<Record<string, Lowering>> = {
  MatMul: (c) => matMul(c, c.operand(0), c.operand(1)),
  Gemm: (c) => {
    const { b } = c;
    const options = { transA: c.flag('transA', false), transB: c.flag('transB', false) };
    const product = b.matMul(c.operand(0), c.operand(1), options);
    const alpha = c.float('alpha', 1);
    const scaled = alpha === 1 ? product : b.mul(product, alpha);
    const bias = c.optional(2);
    const beta = c.float('beta', 1);
    if (!bias || beta === 0) return scaled;
    return b.add(scaled, beta === 1 ? bias : b.mul(bias, beta));
  },
  Conv: (c) => {
    const [x, w] = [c.operand(0), c.operand(1)];
    const kernel = w.shape.slice(2).map((dim) => known(dim, 'a kernel'));
    if (kernel.length > 2) throw c.unsupported('3-D convolutions are not supported');
    const geometry = { ...windowGeometry(c, kernel, x.shape), groups: c.int('group', 1) };
    return addBias(c, c.b.push('conv', [x, w], pick(geometry)), c.optional(2));
  },
  BatchNormalization: (c) => {
    if (c.flag('training_mode', false)) {
      throw c.unsupported('BatchNormalization is in training mode: export for inference');
    }
    return c.b.push('batchNorm', c.all().slice(0, 5), { epsilon: c.float('epsilon', 1e-5) });
  },
  AveragePool: averagePool,
  GlobalAveragePool: (c) => {
    const x = c.operand();
    const axes = x.shape.slice(2).map((_, i) => i + 2);
    const count = x.shape.slice(2).reduce((product, dim) => multiply(product, dim), 1);
    return c.b.mul(c.b.sum(x, axes, true), 1 / known(count, 'the pooled area'));
  },
};
