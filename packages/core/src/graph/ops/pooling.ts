/** Max pooling over one or two spatial axes; padding never wins, as in ONNX. */
import type { Builder } from '../builder.ts';
import { known, printShape, type Shape } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { convolvedSize } from './convolutions.ts';
import { type OpDefinition, ShapeError } from './definition.ts';
import { windowPlanes } from './greatest-planes.ts';
import { atLeastOne, only } from './operands.ts';
import { poolingGradient } from './pooling-gradient.ts';

export interface PoolGeometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly padBefore: readonly number[];
  readonly padAfter: readonly number[];
  readonly dilations: readonly number[];
}

declare module '../graph.ts' {
  interface OpAttributes {
    maxPool: PoolGeometry;
  }
}

export function pooledSizes(g: PoolGeometry, shape: Shape): number[] {
  return g.kernel.map((kernel, i) => {
    const size = known(shape[i + 2] ?? 0, 'a pooled axis');
    return convolvedSize({ ...g, groups: 1 }, size, kernel, i);
  });
}

/** A pool's geometry over the positions of its windows alone, and how many they are on each axis. */
export function windowsAlone(
  g: PoolGeometry,
  shape: Shape,
): { ends: number[]; padAfter: number[] } {
  const reached = pooledSizes(g, shape).map((windows, i) => {
    const [kernel = 1, stride = 1, before = 0] = [g.kernel[i], g.strides[i], g.padBefore[i]];
    return (windows - 1) * stride - before + (kernel - 1) * (g.dilations[i] ?? 1) + 1;
  });
  const sizes = shape.slice(2).map((size) => known(size, 'a pooled axis'));
  return {
    ends: reached.map((end, i) => Math.min(end, sizes[i] ?? end)),
    padAfter: reached.map((end, i) => Math.max(0, end - (sizes[i] ?? end))),
  };
}

/**
 * Which input position window q sees at tap k: a tap in the padding sees another tap of the same
 * window that is inside, which cannot change the maximum.
 */
function tapPositions(
  g: PoolGeometry,
  i: number,
  k: number,
  size: number,
  count: number,
): number[] {
  const [kernel = 1, stride = 1] = [g.kernel[i], g.strides[i]];
  const [dilation = 1, pad = 0] = [g.dilations[i], g.padBefore[i]];
  return Array.from({ length: count }, (_, q) => {
    const start = q * stride - pad;
    const own = start + k * dilation;
    if (own >= 0 && own < size) return own;
    const first = Math.max(0, Math.ceil(-start / dilation));
    const position = start + first * dilation;
    if (first < kernel && position < size) return position;
    throw new ShapeError('a pooling window lies wholly in the padding');
  });
}

/** The values every window sees, one tensor of the output's shape per tap. */
function taps(b: Builder, g: PoolGeometry, x: Node): Node[] {
  const sizes = pooledSizes(g, x.shape);
  return g.kernel.reduce<Node[]>(
    (values, kernel, i) =>
      values.flatMap((value) =>
        Array.from({ length: kernel }, (_, k) => {
          const size = known(x.shape[i + 2] ?? 0, 'a pooled axis');
          return b.gather(value, i + 2, tapPositions(g, i, k, size, sizes[i] ?? 0));
        }),
      ),
    [x],
  );
}

export const pooling: { readonly maxPool: OpDefinition<'maxPool'> } = {
  maxPool: {
    kind: 'coupled',
    lifted: 'first',
    evaluationError: 'exact',
    picksGreatest: true,
    trimmed: (b, { attributes }, x, crop) => {
      const { ends, padAfter } = windowsAlone(attributes, x.shape);
      return b.push('maxPool', [crop(x, ends)], { ...attributes, padAfter });
    },
    // An element is in as many windows as strides fit a kernel.
    lipschitz: ({ order, node, changes: [change = 0] }) => {
      const { kernel, strides, dilations } = node.attributes;
      const windows = kernel.reduce(
        (count, size, i) =>
          count * (dilations[i] === 1 ? Math.ceil(size / (strides[i] ?? 1)) : size),
        1,
      );
      return change * windows ** (1 / order);
    },
    infer: (g, operands) => {
      const { type, shape } = only(operands);
      const sizes = pooledSizes(g, shape);
      if (shape.length !== g.kernel.length + 2 || sizes.some((size) => size < 1)) {
        throw new ShapeError(`a pool of ${printShape(g.kernel)} does not fit ${printShape(shape)}`);
      }
      return { type, shape: [...shape.slice(0, 2), ...sizes] };
    },
    emit: (e, { attributes: g }, operands) => {
      const x = only(operands);
      return e.node('MaxPool', [e.nameOf(x)], {
        kernel_shape: g.kernel,
        strides: g.strides,
        pads: [...g.padBefore, ...g.padAfter],
        dilations: g.dilations,
      });
    },
    // The cotangent goes to the taps that attain the maximum, in equal shares.
    gradient: ({ b, node, operands, output, cotangent }) => {
      const x = only(operands);
      if (node.attributes.dilations.every((dilation) => dilation === 1)) {
        return poolingGradient(b, node.attributes, { x, output, cotangent });
      }
      const seen = taps(b, node.attributes, x);
      const attained = seen.map((value) => b.greaterOrEqual(value, output));
      const each = b.div(
        cotangent,
        atLeastOne(
          b,
          attained.reduce((sum, mask) => b.add(sum, mask)),
        ),
      );
      return seen
        .map((value, k) => backToInput(b, x, value, b.mul(attained[k] ?? each, each)))
        .reduce((sum, part) => b.add(sum, part));
    },
    planes: (context) => {
      const { b, node } = context;
      return windowPlanes(
        context,
        (x) => taps(b, node.attributes, x),
        (coefficients, x) => {
          const seen = taps(b, node.attributes, x);
          return seen
            .map((tap, k) => backToInput(b, x, tap, coefficients[k] ?? tap))
            .reduce((sum, part) => b.add(sum, part));
        },
      );
    },
    range: ({ b, node, operands }) => {
      const x = only(operands);
      return {
        lower: b.push('maxPool', [x.lower], node.attributes),
        upper: b.push('maxPool', [x.upper], node.attributes),
      };
    },
  },
};

/** Undoes the gathers that led from x to a tap. */
function backToInput(b: Builder, x: Node, tap: Node, cotangent: Node): Node {
  if (tap === x) return cotangent;
  if (tap.op !== 'gather') throw new TypeError('a tap is made of gathers');
  const [from] = tap.operands;
  const source = b.nodes[from ?? -1];
  if (!source) throw new RangeError('a gather has one operand');
  const { axis, indices } = tap.attributes;
  const size = known(source.shape[axis] ?? 0, 'a pooled axis');
  return backToInput(b, x, source, b.push('scatterAdd', [cotangent], { axis, indices, size }));
}
