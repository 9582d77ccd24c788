/** Normalisations whose statistics are taken of the input itself, written out in sums and products. */
import type { Builder } from '../../graph/builder.ts';
import { type Dimension, elementCount, known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { power } from '../../graph/ops/powers.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

interface Normalised {
  readonly value: Node;
  readonly mean: Node;
  readonly deviation: Node;
}

/**
 * (x − mean) / √(variance + ε) over the axes. Of exact statistics of n elements it is at most √n; as float32 no
 * such bound holds: a variance taken in one pass may fall short of the true one by more than ε, or below 0
 * (n = 24, elements of 10 ± 0.001: no number in a quarter of draws), so boxes that hold such elements leave no bound.
 */
function normalised(c: LoweringContext, x: Node, axes: readonly number[]): Normalised {
  const { b } = c;
  const count = axes.reduce(
    (product, axis) => product * known(x.shape[axis] ?? 1, 'a normalised axis'),
    1,
  );
  const average = (value: Node): Node => b.mul(b.sum(value, axes, true), 1 / count);
  const mean = average(x);
  const centred = b.sub(x, mean);
  // A mean of squares is never negative, which the rounding of a bound on it does not know.
  const exact = b.relu(average(b.mul(centred, centred)));
  const variance = b.push('inexactVariance', [exact, x], { axes, about: 'mean' });
  const deviation = b.sqrt(b.add(variance, c.float('epsilon', 1e-5)));
  return { value: b.div(centred, deviation), mean, deviation };
}

function scaled(c: LoweringContext, value: Node, scale: Node, shift: Node | undefined): Node {
  const product = c.b.mul(value, scale);
  return shift ? c.b.add(product, shift) : product;
}

/** Axes behind the first `from`. */
const axesFrom = (x: Node, from: number): number[] =>
  x.shape.map((_, i) => i).filter((axis) => axis >= from);

/** A vector of an axis's size shaped to broadcast over it. */
function along(c: LoweringContext, vector: Node, x: Node, axis: number): Node {
  const size: Dimension = vector.shape[0] ?? 1;
  return c.b.reshape(
    vector,
    x.shape.map((_, i) => (i === axis ? size : 1)),
  );
}

function layer(c: LoweringContext): Node[] {
  const x = c.operand();
  const axes = axesFrom(x, c.axis(c.int('axis', -1), x.shape.length));
  const { value, mean, deviation } = normalised(c, x, axes);
  const result = scaled(c, value, c.operand(1), c.optional(2));
  const wanted = c.proto.output.length;
  return [result, ...(wanted > 1 ? [mean, c.b.reciprocal(deviation)] : [])];
}

function instance(c: LoweringContext): Node {
  const x = c.operand();
  const { value } = normalised(c, x, axesFrom(x, 2));
  return scaled(c, value, along(c, c.operand(1), x, 1), along(c, c.operand(2), x, 1));
}

/** Before opset 21 scale and shift are per group, since then per channel. */
function group(c: LoweringContext): Node {
  const { b } = c;
  const x = c.operand();
  const [batch = 1, channels = 1, ...rest] = x.shape;
  const groups = c.int('num_groups', 1);
  const size = known(channels, 'channels') / groups;
  if (!Number.isInteger(size)) throw c.invalid(`${channels} channels make no ${groups} groups`);
  const grouped = b.reshape(x, [batch, groups, size, ...rest]);
  const { value } = normalised(c, grouped, axesFrom(grouped, 2));
  const [scale, shift] = [c.operand(1), c.operand(2)];
  if (c.opset < 21) {
    const result = scaled(c, value, along(c, scale, value, 1), along(c, shift, value, 1));
    return b.reshape(result, x.shape);
  }
  const whole = b.reshape(value, x.shape);
  return scaled(c, whole, along(c, scale, x, 1), along(c, shift, x, 1));
}

/** x / ‖x‖ along an axis. What is 0 stays so, and has no slope there; what is no number stays so too. */
export function toUnitLength(b: Builder, x: Node, axis: number, order: 1 | 2): Node {
  const axes = [axis];
  const norm =
    order === 1 ? b.sum(b.abs(x), axes, true) : b.push('reduceL2', [x], { axes, keep: true });
  const some = b.greater(norm, 0);
  return b.where(some, b.div(x, b.where(some, norm, 1)), b.mul(norm, 0));
}

function byNorm(c: LoweringContext): Node {
  const { b } = c;
  const x = c.operand();
  const axis = c.axis(c.int('axis', -1), x.shape.length);
  known(x.shape[axis] ?? 1, 'a normalised axis');
  const order = c.int('p', 2);
  if (order !== 1 && order !== 2) throw c.invalid('p must be 1 or 2');
  return toUnitLength(b, x, axis, order);
}

/**
 * x / (bias + α/size · Σ x²)^β, summed over `size` neighbouring channels. The sum is a convolution along the
 * channels; a kernel that slides it over them rounds by what all channels sum up to.
 */
function acrossChannels(c: LoweringContext): Node {
  const { b } = c;
  const x = c.operand();
  const [batch = 1, channels = 1, ...rest] = x.shape;
  const size = c.int('size', 1);
  if (!(size >= 1)) throw c.invalid(`its size is ${size}`);
  c.listable(size);
  const count = known(channels, 'channels');
  const area = known(elementCount(rest), 'an image');
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const [alpha, beta, bias] = [c.float('alpha', 1e-4), c.float('beta', 0.75), c.float('bias', 1)];
  const squares = b.mul(x, x);
  const sums = b.push(
    'conv',
    [
      b.reshape(squares, [batch, 1, count, area]),
      b.floats(new Float32Array(size).fill(1), [1, 1, size, 1]),
    ],
    { strides: [1, 1], padBefore: [before, 0], padAfter: [after, 0], dilations: [1, 1], groups: 1 },
  );
  const base = b.add(b.mul(b.reshape(sums, x.shape), alpha / size), bias);
  // Its square's mean over all channels is bias + α/size · Σ x² of them all.
  const whole = b.sqrt(b.add(b.mul(squares, (Math.abs(alpha) * count) / size), Math.abs(bias)));
  const found = b.push('inexactVariance', [base, whole], { axes: [1], about: 'other' });
  return b.mul(x, power(b, found, -beta));
}

export const normalisations: Readonly<Record<string, Lowering>> = {
  LayerNormalization: layer,
  InstanceNormalization: instance,
  GroupNormalization: group,
  LpNormalization: byNorm,
  LRN: acrossChannels,
};
