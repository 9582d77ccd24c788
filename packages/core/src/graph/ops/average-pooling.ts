/**
 * Averages of windows over one or two spatial axes. Written as ONNX's own op wherever that has the geometry:
 * where means fall on the steps of a quantiser, only the file's own order of sums gives the file's values.
 */
import { floats, type Tensor } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import { known, printShape, type Shape } from '../dimension.ts';
import type { Node, ValueType } from '../graph.ts';
import type { ConvGeometry } from './convolutions.ts';
import { type OpDefinition, ShapeError } from './definition.ts';
import { only } from './operands.ts';
import { fusedError, magnitude, outwardBy } from './outward.ts';
import { type PoolGeometry, pooledSizes, windowsAlone } from './pooling.ts';

export interface AverageGeometry extends PoolGeometry {
  /**
   * Which positions count, on each axis, from the first to before the last: those of the input, or of
   * its padding too.
   */
  readonly counted: readonly (readonly [number, number])[];
}

declare module '../graph.ts' {
  interface OpAttributes {
    averagePool: AverageGeometry;
  }
}

const spatial = (shape: Shape): number[] =>
  shape.slice(2).map((dim) => known(dim, 'a pooled axis'));

/** 1 / (number of elements a window averages), [1, 1, windows…]. */
function inverseCounts(g: AverageGeometry, x: Shape): Tensor {
  const sizes = pooledSizes(g, x);
  const perAxis = g.kernel.map((kernel, i) => {
    const [before = 0, stride = 1, dilation = 1] = [g.padBefore[i], g.strides[i], g.dilations[i]];
    const [low = 0, high = 0] = g.counted[i] ?? [];
    return Array.from({ length: sizes[i] ?? 0 }, (_, q) => {
      // Taps k with low ≤ start + k·dilation < high.
      const start = q * stride - before;
      const first = Math.max(0, Math.ceil((low - start) / dilation));
      const behind = Math.min(kernel, Math.ceil((high - start) / dilation));
      return Math.max(0, behind - first);
    });
  });
  let counts = [1];
  for (const axis of perAxis) {
    counts = counts.flatMap((outer) => axis.map((count) => outer * count));
  }
  return floats(
    counts.map((count) => 1 / count),
    [1, 1, ...sizes],
  );
}

/** The same weight all over the windows of every channel: a depthwise convolution by it sums them. */
function uniform(weight: number, g: PoolGeometry, x: Shape): Tensor {
  const channels = known(x[1] ?? 1, 'channels');
  const count = g.kernel.reduce((product, size) => product * size, channels);
  return floats(new Float32Array(count).fill(weight), [channels, 1, ...g.kernel]);
}

function depthwise(g: PoolGeometry, x: Shape): ConvGeometry {
  const { strides, padBefore, padAfter, dilations } = g;
  return { strides, padBefore, padAfter, dilations, groups: known(x[1] ?? 1, 'channels') };
}

/** 0 or 1 as ONNX's op wants to know what counts; undefined where it has no such geometry. */
function countsPadding(g: AverageGeometry, x: Shape): number | undefined {
  const plain = g.kernel.every(
    (kernel, i) =>
      g.dilations[i] === 1 && (g.padBefore[i] ?? 0) < kernel && (g.padAfter[i] ?? 0) < kernel,
  );
  if (!plain) return undefined;
  const ends = spatial(x).map((size, i) => {
    const [low, high] = g.counted[i] ?? [];
    return {
      inside: low === 0 && high === size,
      padded: low === -(g.padBefore[i] ?? 0) && high === size + (g.padAfter[i] ?? 0),
    };
  });
  if (ends.every(({ inside }) => inside)) return 0;
  return ends.every(({ padded }) => padded) ? 1 : undefined;
}

/** Sums, and the division. */
const termsOf = ({ kernel }: PoolGeometry): number =>
  kernel.reduce((product, size) => product * size, 2);

export const averagePooling: { readonly averagePool: OpDefinition<'averagePool'> } = {
  averagePool: {
    kind: 'linear',
    lifted: 'first',
    infer: (g, operands) => {
      const { type, shape } = only<ValueType>(operands);
      const sizes = shape.length === g.kernel.length + 2 ? pooledSizes(g, shape) : [];
      if (sizes.length === 0 || sizes.some((size) => size < 1)) {
        throw new ShapeError(`a pool of ${printShape(g.kernel)} does not fit ${printShape(shape)}`);
      }
      return { type, shape: [...shape.slice(0, 2), ...sizes] };
    },
    emit: (e, { attributes: g }, operands) => {
      const x = only(operands);
      const pads = [...g.padBefore, ...g.padAfter];
      const own = countsPadding(g, x.shape);
      if (own !== undefined) {
        return e.node('AveragePool', [e.nameOf(x)], {
          kernel_shape: g.kernel,
          strides: g.strides,
          pads,
          count_include_pad: own,
        });
      }
      const { strides, dilations, groups: group } = depthwise(g, x.shape);
      const weights = e.constant(uniform(1, g, x.shape));
      const sums = e.node('Conv', [e.nameOf(x), weights], { strides, pads, dilations, group });
      return e.node('Mul', [sums, e.constant(inverseCounts(g, x.shape))]);
    },
    gradient: ({ b, node: { attributes: g }, operands, cotangent }) => {
      const { shape } = only(operands);
      const inverse = inverseCounts(g, shape);
      const share = Number(inverse.data[0] ?? 1);
      const even = inverse.data.every((other: number | bigint) => other === share);
      const each = even ? cotangent : b.mul(cotangent, b.constant(inverse));
      const weights = b.constant(uniform(even ? share : 1, g, shape));
      return b.push('convTranspose', [each, weights], {
        ...depthwise(g, shape),
        size: spatial(shape),
      });
    },
    terms: ({ attributes }) => termsOf(attributes),
    // Twice the window outweighs what the mean is rounded by.
    counted: (b, { attributes }, [x]) =>
      x && b.mul(averaged(b, x, attributes), termsOf(attributes)),
    trimmed: (b, { attributes: g }, x, crop) => {
      const { ends, padAfter } = windowsAlone(g, x.shape);
      const counted = g.counted.map(([low, high], i): [number, number] => {
        const behind = (ends[i] ?? high) + (padAfter[i] ?? 0);
        return [low, Math.min(high, behind)];
      });
      return averaged(b, crop(x, ends), { ...g, padAfter, counted });
    },
    range: (context) => {
      const { b, node } = context;
      const x = only(context.operands);
      const average = (of: Node): Node => averaged(b, of, node.attributes);
      const fused = Math.max(context.fused, termsOf(node.attributes));
      const error = fusedError({ ...context, fused }, average(magnitude(b, x)));
      return outwardBy(b, { lower: average(x.lower), upper: average(x.upper) }, error);
    },
  },
};

function averaged(b: Builder, x: Node, attributes: AverageGeometry): Node {
  return b.push('averagePool', [x], attributes);
}
