/**
 * Kernels of convolutions whose map has spectral norm at most 1, almost orthogonal as matrices are
 * (unit-weights.ts). A convolution of stride s is one of stride 1 over s·s times the channels (every phase of
 * the places that a stride takes at once), whose Gram matrix is the kernel's correlation with itself. An image
 * with zeros around it is one on an infinite plane, so that zero padding lifts no norm.
 */
import type { Builder } from '../../graph/builder.ts';
import type { Node } from '../../graph/graph.ts';
import { floats, sizeOf } from '../../tensor/tensor.ts';
import { inverseRoot } from './inverse-root.ts';

export interface StridedKernel {
  readonly strides: readonly number[];
  readonly groups: number;
}

/** weights [out, in / groups, …kernel] */
export function unitKernel(b: Builder, weights: Node, { strides, groups }: StridedKernel): Node {
  const [out = 1, channels = 1, ...kernel] = weights.shape.map(Number);
  const axes = kernel.map((_, i) => i);
  const counts = kernel.map((size, i) => Math.ceil(size / (strides[i] ?? 1)));
  const whole = counts.map((count, i) => count * (strides[i] ?? 1));
  const padded = b.push('pad', [weights], {
    before: [0, 0, ...axes.map(() => 0)],
    after: [0, 0, ...whole.map((size, i) => size - (kernel[i] ?? 0))],
    value: 0,
  });
  // [out, in, …(steps of the stride, phase between them)]
  const split = [out, channels, ...axes.flatMap((i) => [counts[i] ?? 1, strides[i] ?? 1])];
  const parted = b.reshape(padded, split);
  const phases = axes.map((i) => 3 + 2 * i);
  const inputs = channels * strides.reduce((product, stride) => product * stride, 1);
  const merged = b.reshape(b.transpose(parted, [0, 1, ...phases, ...axes.map((i) => 2 + 2 * i)]), [
    out,
    inputs,
    ...counts,
  ]);
  const ofOutputs = groups > 1 || out <= inputs;
  const maps = ofOutputs ? merged : b.transpose(merged, [1, 0, ...axes.map((i) => 2 + i)]);
  const factors = inverseRoot(b, correlations(b, maps, groups));
  const shape = ofOutputs
    ? [out, 1, ...axes.flatMap(() => [1, 1])]
    : [1, channels, ...axes.flatMap((i) => [1, strides[i] ?? 1])];
  const scaled = b.reshape(b.mul(parted, b.reshape(factors, shape)), [out, channels, ...whole]);
  return axes.reduce((value, i) => b.slice(value, 2 + i, 0, kernel[i] ?? 1), scaled);
}

/** Of each map: sizes of its products with all those of its group, wherever these lie: [maps]. */
function correlations(b: Builder, maps: Node, groups: number): Node {
  const [count = 1, , ...sizes] = maps.shape.map(Number);
  const around = sizes.map((size) => size - 1);
  const ones = sizes.map(() => 1);
  const geometry = {
    strides: ones,
    dilations: ones,
    padBefore: around,
    padAfter: around,
    groups: 1,
  };
  const products = b.abs(b.push('conv', [maps, maps], geometry));
  const own = groups > 1 ? b.mul(products, sameGroup(b, count, groups, sizes.length)) : products;
  return b.sum(own, [1, ...sizes.map((_, i) => 2 + i)]);
}

/** 1 where two of so many maps see the same inputs, else 0: [count, count, 1, …]. */
function sameGroup(b: Builder, count: number, groups: number, rank: number): Node {
  const group = (map: number): number => Math.floor((map * groups) / count);
  const shape = [count, count, ...Array<number>(rank).fill(1)];
  const flags = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
    Number(group(Math.floor(i / count)) === group(i % count)),
  );
  return b.constant(floats(flags, shape));
}
