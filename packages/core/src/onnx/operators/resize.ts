/**
 * Resize and Upsample, axis by axis: nearest is a gather, linear a product with a constant matrix of
 * two weights a column. Coordinates are computed in float32, as runtimes do, so that ties fall alike.
 */
import { isSymbolic, known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

interface Axis {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

interface Manner {
  readonly mode: string;
  readonly coordinates: string;
  readonly rounding: string;
}

const f = Math.fround;

/** Where an output element lies among the input's. */
function coordinate(c: LoweringContext, { coordinates }: Manner, at: Axis, i: number): number {
  const { from, to, scale } = at;
  const half = f(f(f(i + 0.5) / scale) - 0.5);
  switch (coordinates) {
    case 'half_pixel':
      return half;
    case 'pytorch_half_pixel':
      return to > 1 ? half : 0;
    case 'align_corners':
      return to === 1 ? 0 : f(f(i * (from - 1)) / (to - 1));
    case 'asymmetric':
      return f(i / scale);
    case 'tf_half_pixel_for_nn':
      return f(f(i + 0.5) / scale);
    case 'half_pixel_symmetric': {
      const centre = f(from / 2);
      const adjustment = f(to / f(scale * from));
      return f(f(centre * f(1 - adjustment)) + half);
    }
    default:
      throw c.unsupported(`the coordinate mode ${coordinates} is not supported`);
  }
}

function rounded(c: LoweringContext, { rounding }: Manner, x: number, scale: number): number {
  switch (rounding) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'simple':
      return scale < 1 ? Math.ceil(x) : Math.floor(x);
    default:
      throw c.unsupported(`the nearest mode ${rounding} is not supported`);
  }
}

function nearest(c: LoweringContext, x: Node, manner: Manner, at: Axis): Node {
  const positions = Array.from({ length: c.listable(at.to) }, (_, i) => {
    const position = rounded(c, manner, coordinate(c, manner, at, i), at.scale);
    return Math.min(Math.max(position, 0), at.from - 1);
  });
  return c.b.gather(x, at.axis, positions);
}

/** [from, to]: column i holds the weights of output element i. */
function weightsOf(c: LoweringContext, manner: Manner, at: Axis): Node {
  const { from, to } = at;
  const weights = new Float32Array(c.listable(from * to));
  for (let i = 0; i < to; i++) {
    const x = Math.min(Math.max(coordinate(c, manner, at, i), 0), from - 1);
    const low = Math.min(Math.floor(x), from - 1);
    const high = Math.min(low + 1, from - 1);
    const share = high === low ? 0 : f(x - low);
    weights[low * to + i] = f(1 - share);
    if (share > 0) weights[high * to + i] = share;
  }
  return c.b.floats(weights, [from, to]);
}

function linear(c: LoweringContext, x: Node, manner: Manner, at: Axis): Node {
  const rank = x.shape.length;
  const weights = weightsOf(c, manner, at);
  if (at.axis === rank - 2) return c.b.matMul(c.b.transpose(weights, [1, 0]), x);
  const last = x.shape.map((_, i) => (i === at.axis ? rank - 1 : i === rank - 1 ? at.axis : i));
  return c.b.transpose(c.b.matMul(c.b.transpose(x, last), weights), last);
}

/** The axes that change, in order; a batch keeps its size. */
function changedAxes(
  c: LoweringContext,
  x: Node,
  scales: readonly number[] | undefined,
  sizes: readonly (number | string)[] | undefined,
): Axis[] {
  const rank = x.shape.length;
  const axes = c.axes(c.ints('axes') ?? x.shape.map((_, i) => i), rank);
  const given = sizes ?? scales;
  if (given?.length !== axes.length) throw c.invalid('it needs a scale or a size for each axis');
  return axes.flatMap((axis, i) => {
    const dim = x.shape[axis] ?? 1;
    const wanted = given[i] ?? 1;
    if (wanted === (sizes ? dim : 1) || (isSymbolic(dim) && wanted === 1)) return [];
    const from = known(dim, 'a resized axis');
    const value = f(known(wanted, 'the size of a resized axis'));
    const to = sizes ? value : Math.floor(f(from * value));
    if (!(to >= 1)) throw c.invalid(`axis ${axis} would be left with no element`);
    return [{ axis, from, to, scale: sizes ? f(to / from) : value }];
  });
}

function apply(c: LoweringContext, manner: Manner, axes: readonly Axis[]): Node {
  if (manner.mode !== 'nearest' && manner.mode !== 'linear') {
    throw c.unsupported(`the mode ${manner.mode} is not supported: use nearest or linear`);
  }
  const along = manner.mode === 'nearest' ? nearest : linear;
  return axes.reduce((value, at) => along(c, value, manner, at), c.operand());
}

const filled = <T>(list: readonly T[] | undefined): readonly T[] | undefined =>
  list && list.length > 0 ? list : undefined;

function resize(c: LoweringContext): Node {
  if (c.flag('antialias', false))
    throw c.unsupported('antialias is not supported: export it without');
  if (c.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw c.unsupported('only the aspect ratio policy stretch is supported');
  }
  const mode = c.text('mode', 'nearest');
  if (c.opset < 11) {
    const axes = changedAxes(c, c.operand(), c.numbers(1), undefined);
    return apply(c, { mode, coordinates: 'asymmetric', rounding: 'simple' }, axes);
  }
  const coordinates = c.text('coordinate_transformation_mode', 'half_pixel');
  const rounding = c.text('nearest_mode', 'round_prefer_floor');
  const axes = changedAxes(c, c.operand(), filled(c.numbers(2)), filled(c.sizes(3)));
  return apply(c, { mode, coordinates, rounding }, axes);
}

function upsample(c: LoweringContext): Node {
  const scales = c.opset < 9 ? c.floatList('scales') : c.numbers(1);
  const axes = changedAxes(c, c.operand(), scales, undefined);
  const mode = c.text('mode', 'nearest');
  return apply(c, { mode, coordinates: 'asymmetric', rounding: 'simple' }, axes);
}

export const resizing: Readonly<Record<string, Lowering>> = { Resize: resize, Upsample: upsample };
