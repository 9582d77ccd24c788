/**
 * Convolution and its two adjoints, a family closed under the gradient: conv(x, w),
 * convTranspose(y, w) — adjoint in x — and convWeights(x, y) — adjoint in w. Layouts are ONNX's:
 * x [batch, C, …], w [O, C/groups, …], y [batch, O, …]; 1 or 2 spatial axes. No bias (an add).
 */
import { BATCH, type Dimension, known, printShape, type Shape } from '../dimension.ts';
import type { Node, ValueType } from '../graph.ts';
import { convAsProduct, transposeAsProduct } from './block-products.ts';
import { blockedConvolution } from './blocked.ts';
import { transposeAsConv, transposeOfPlaces } from './convolution-adjoint.ts';
import { convolutionNorm } from './convolution-norm.ts';
import { emitWeights } from './convolution-weights.ts';
import { oneFactor, type OpDefinition, ShapeError } from './definition.ts';
import type { Emitter } from './emitter.ts';
import { bilinearRange } from './outward.ts';
import { pair } from './operands.ts';
import { transposeAsResize } from './upsampling.ts';

export interface ConvGeometry {
  readonly strides: readonly number[];
  readonly padBefore: readonly number[];
  readonly padAfter: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

declare module '../graph.ts' {
  interface OpAttributes {
    conv: ConvGeometry;
    /** `size`: the spatial size of the result, which the geometry alone does not decide. */
    convTranspose: ConvGeometry & { readonly size: readonly number[] };
    /** `size`: the kernel's spatial size. */
    convWeights: ConvGeometry & { readonly size: readonly number[] };
  }
}

type Convolution = 'conv' | 'convTranspose' | 'convWeights';

function spatial(shape: Shape): number[] {
  return shape.slice(2).map((dim) => known(dim, 'a spatial axis of a convolution'));
}

function at(values: readonly number[], i: number): number {
  return values[i] ?? 0;
}

function channels(shape: Shape, axis: number): Dimension {
  const dim = shape[axis];
  if (dim === undefined) throw new ShapeError(`${printShape(shape)} has no axis ${axis}`);
  return dim;
}

/** ⌊(x + pads − dilation·(k − 1) − 1) / stride⌋ + 1 */
export function convolvedSize(g: ConvGeometry, size: number, kernel: number, i: number): number {
  const reach = at(g.dilations, i) * (kernel - 1) + 1;
  return Math.floor((size + at(g.padBefore, i) + at(g.padAfter, i) - reach) / at(g.strides, i)) + 1;
}

function geometryAttributes(g: ConvGeometry): Record<string, number | readonly number[]> {
  return {
    strides: g.strides,
    pads: [...g.padBefore, ...g.padAfter],
    dilations: g.dilations,
    group: g.groups,
  };
}

function inferConv(g: ConvGeometry, operands: readonly ValueType[]): ValueType {
  const [x, w] = pair(operands);
  const [sizes, kernel] = [spatial(x.shape), spatial(w.shape)];
  const expected = Number(channels(w.shape, 1)) * g.groups;
  if (sizes.length !== kernel.length || channels(x.shape, 1) !== expected) {
    throw new ShapeError(
      `input ${printShape(x.shape)} does not fit a convolution by ${printShape(w.shape)} in ${g.groups} groups`,
    );
  }
  const out = sizes.map((size, i) => convolvedSize(g, size, at(kernel, i), i));
  if (out.some((size) => size < 1)) {
    throw new ShapeError(`a kernel ${printShape(w.shape)} is larger than ${printShape(x.shape)}`);
  }
  return { type: x.type, shape: [channels(x.shape, 0), channels(w.shape, 0), ...out] };
}

function emitTranspose(
  e: Emitter,
  node: Node,
  g: ConvGeometry & { size: readonly number[] },
  y: Node,
  w: Node,
): string {
  const fast =
    transposeOfPlaces(e, g, y, w) ??
    transposeAsProduct(e, g, y, w) ??
    transposeAsResize(e, g, y, w) ??
    transposeAsConv(e, g, y, w);
  if (fast !== undefined) return fast;
  const [sizes, kernel] = [spatial(y.shape), spatial(w.shape)];
  const outputPadding = g.size.map((size, i) => {
    const reach = at(g.dilations, i) * (at(kernel, i) - 1) + 1;
    return (
      size -
      (at(g.strides, i) * (at(sizes, i) - 1) + reach - at(g.padBefore, i) - at(g.padAfter, i))
    );
  });
  if (outputPadding.some((extra) => extra < 0)) {
    throw new ShapeError(
      `the transposed convolution ${node.label} has no result of size ${printShape(g.size)}`,
    );
  }
  return e.node('ConvTranspose', [e.nameOf(y), e.nameOf(w)], {
    ...geometryAttributes(g),
    output_padding: outputPadding,
  });
}

const bare = ({ strides, padBefore, padAfter, dilations, groups }: ConvGeometry): ConvGeometry => ({
  strides,
  padBefore,
  padAfter,
  dilations,
  groups,
});

function kernelProducts(perGroup: Dimension, kernel: readonly number[]): number {
  return kernel.reduce((product, size) => product * size, known(perGroup, 'channels'));
}

export const convolutions: { readonly [K in Convolution]: OpDefinition<K> } = {
  conv: {
    kind: 'linear',
    lifted: 'first',
    linearIn: oneFactor,
    flat: 'weights that are perturbed are shared by all rows',
    infer: inferConv,
    emit: (e, node, operands) => {
      const [x, w] = pair(operands);
      return (
        convAsProduct(e, node.attributes, [x, w], node.shape) ??
        e.node('Conv', [e.nameOf(x), e.nameOf(w)], geometryAttributes(node.attributes))
      );
    },
    gradient: ({ b, node, operands, cotangent }, index) => {
      const [x, w] = pair(operands);
      const geometry = node.attributes;
      return index === 0
        ? b.push('convTranspose', [cotangent, w], { ...geometry, size: spatial(x.shape) })
        : b.push('convWeights', [x, cotangent], { ...geometry, size: spatial(w.shape) });
    },
    counted: (b, { operands: [, id], attributes }, [x]) => {
      const weights = id === undefined ? undefined : b.nodes[id];
      if (!x || !weights) return undefined;
      const [outputs = 1, ...window] = weights.shape;
      // One kernel stands for all that look at the same channels.
      const kernels = attributes.groups === 1 ? 1 : outputs;
      return b.push('conv', [x, b.expand(b.scalar(1), [kernels, ...window])], attributes);
    },
    blocked: blockedConvolution,
    cropped: (b, node, operands, { ends, crop }) => {
      const [x, w] = pair(operands);
      const g = node.attributes;
      const kernel = spatial(w.shape);
      const reached = ends.map((end, i) => {
        const reach = at(g.dilations, i) * (at(kernel, i) - 1) + 1;
        return at(g.strides, i) * (end - 1) - at(g.padBefore, i) + reach;
      });
      const seen = spatial(x.shape).map((size, i) => Math.min(size, at(reached, i)));
      const padAfter = reached.map((end, i) => end - at(seen, i));
      return b.push('conv', [crop(x, seen), w], { ...g, padAfter });
    },
    windowed: ({ attributes: g }, operands, { strides, first, last }) => {
      const kernel = spatial(pair(operands)[1].shape);
      const seen = {
        strides: strides.map((stride, i) => stride * at(g.strides, i)),
        first: first.map((from, i) => at(g.strides, i) * from - at(g.padBefore, i)),
        last: last.map((to, i) => {
          const reach = at(g.dilations, i) * (at(kernel, i) - 1);
          return at(g.strides, i) * to - at(g.padBefore, i) + reach;
        }),
      };
      const none = kernel.map(() => 0);
      const pads = [...g.padBefore, ...g.padAfter].some((pad) => pad > 0);
      return {
        operands: [seen, null],
        attributes: { ...g, padBefore: none, padAfter: none },
        pads,
      };
    },
    spectralNorm: (node, weights, operands) =>
      convolutionNorm(weights, node.attributes, spatial(pair(operands)[0].shape)),
    terms: (_node, operands) => {
      const [, w] = pair(operands);
      return kernelProducts(channels(w.shape, 1), spatial(w.shape));
    },
    range: (context) => {
      const { b, node } = context;
      const [, w] = pair(context.operands);
      const terms = kernelProducts(channels(w.lower.shape, 1), spatial(w.lower.shape));
      return bilinearRange(context, terms, (x, y) => b.push('conv', [x, y], node.attributes));
    },
  },
  convTranspose: {
    kind: 'linear',
    lifted: 'first',
    linearIn: oneFactor,
    flat: 'weights that are perturbed are shared by all rows',
    infer: (g, operands) => {
      const [y, w] = pair(operands);
      if (channels(y.shape, 1) !== channels(w.shape, 0)) {
        throw new ShapeError(
          `input ${printShape(y.shape)} does not fit a transposed convolution by ${printShape(w.shape)}`,
        );
      }
      const out = known(channels(w.shape, 1), 'channels') * g.groups;
      return { type: y.type, shape: [channels(y.shape, 0), out, ...g.size] };
    },
    emit: (e, node, operands) => {
      const [y, w] = pair(operands);
      return emitTranspose(e, node, node.attributes, y, w);
    },
    gradient: ({ b, node, operands, cotangent }, index) => {
      const [y, w] = pair(operands);
      const geometry = bare(node.attributes);
      return index === 0
        ? b.push('conv', [cotangent, w], geometry)
        : b.push('convWeights', [cotangent, y], { ...geometry, size: spatial(w.shape) });
    },
    // The adjoint of a convolution has its norm.
    spectralNorm: (node, weights) =>
      convolutionNorm(weights, node.attributes, node.attributes.size),
    terms: (node, operands) => transposeTerms(node.attributes, pair(operands)[1]),
    range: (context) => {
      const { b, node } = context;
      const terms = transposeTerms(node.attributes, pair(context.operands)[1].lower);
      return bilinearRange(context, terms, (x, y) =>
        b.push('convTranspose', [x, y], node.attributes),
      );
    },
  },
  convWeights: {
    kind: 'linear',
    lifted: 'first',
    linearIn: oneFactor,
    flat: 'weights that are perturbed are shared by all rows',
    infer: (g, operands) => {
      const [x, y] = pair(operands);
      const perGroup = known(channels(x.shape, 1), 'channels') / g.groups;
      return { type: x.type, shape: [channels(y.shape, 1), perGroup, ...g.size] };
    },
    emit: (e, node, operands) => {
      const [x, y] = pair(operands);
      return emitWeights(e, node.attributes, x, y);
    },
    gradient: ({ b, node, operands, cotangent }, index) => {
      const [x, y] = pair(operands);
      const geometry = bare(node.attributes);
      return index === 0
        ? b.push('convTranspose', [y, cotangent], { ...geometry, size: spatial(x.shape) })
        : b.push('conv', [x, cotangent], geometry);
    },
    terms: (_node, operands) => weightTerms(pair(operands)[1].shape),
    range: (context) => {
      const { b, node } = context;
      const terms = weightTerms(pair(context.operands)[1].lower.shape);
      return bilinearRange(context, terms, (x, y) =>
        b.push('convWeights', [x, y], node.attributes),
      );
    },
  },
};

/** Every output of a transposed convolution sums at most all taps of its group's channels. */
function transposeTerms(g: ConvGeometry, w: ValueType): number {
  const perGroup = known(channels(w.shape, 0), 'channels') / g.groups;
  return kernelProducts(perGroup, spatial(w.shape));
}

function weightTerms(cotangent: Shape): number {
  const [batch = BATCH] = cotangent;
  if (typeof batch !== 'number') {
    throw new ShapeError('a weight gradient sums over the batch: give the batch a known size');
  }
  return kernelProducts(batch, spatial(cotangent));
}
