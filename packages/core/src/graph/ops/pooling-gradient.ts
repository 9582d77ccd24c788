/**
 * The gradient of max pooling, seen from the input: the cotangent goes to the elements that attain a
 * window's maximum, in equal shares. Elements are counted from the first padding on and cut into cells
 * of one stride, so cell c lies in the windows c − j for the few j with j·stride < kernel. For each j,
 * the windows' values, shifted by j and repeated over cells, stand beside the elements: whole tensors
 * are compared and no element is gathered. Dilations must be 1.
 */
import type { Builder } from '../builder.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { PoolGeometry } from './pooling.ts';
import { atLeastOne } from './operands.ts';
import { padded } from './structural.ts';
import { blockSums, upsampled } from './upsampling.ts';

/** No value of a network is beyond; still counted as finite (FINITE_LIMIT). */
const FAR = 2.9e38;

/** One pooled axis. */
interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly size: number;
  readonly windows: number;
  /** The greatest shift j. */
  readonly most: number;
  /** Elements of all cells. */
  readonly length: number;
}

function axesOf(g: PoolGeometry, x: Node, output: Node): Axis[] {
  return g.kernel.map((kernel, i) => {
    const [stride = 1, before = 0] = [g.strides[i], g.padBefore[i]];
    const windows = known(output.shape[i + 2] ?? 0, 'a pooled axis');
    const most = Math.ceil(kernel / stride) - 1;
    const size = known(x.shape[i + 2] ?? 0, 'a pooled axis');
    return { kernel, stride, before, size, windows, most, length: (windows + most) * stride };
  });
}

function paddedAround(
  b: Builder,
  value: Node,
  pads: readonly (readonly [number, number])[],
  fill: number,
): Node {
  const before = [0, 0, ...pads.map(([amount]) => amount)];
  const after = [0, 0, ...pads.map(([, amount]) => amount)];
  return padded(b, value, before, after, fill);
}

/** Elements start ≤ i < end of every pooled axis. */
function cropped(b: Builder, value: Node, ends: readonly (readonly [number, number])[]): Node {
  return ends.reduce(
    (part, [start, end], i) =>
      start === 0 && end === part.shape[i + 2] ? part : b.slice(part, i + 2, start, end),
    value,
  );
}

/** Where an element of a cell is in the window j before: 1 for the first ones of a short kernel. */
function inside(b: Builder, axes: readonly Axis[], shifts: readonly number[]): Node | undefined {
  const perAxis = axes.map(({ kernel, stride, length }, i) => {
    const reach = kernel - (shifts[i] ?? 0) * stride;
    return Array.from({ length }, (_, at) => (at % stride < reach ? 1 : 0));
  });
  if (perAxis.flat().every((one) => one === 1)) return undefined;
  const shape = [1, 1, ...axes.map(({ length }) => length)];
  const [rows = [], columns = [1]] = perAxis;
  return b.floats(
    rows.flatMap((row) => columns.map((column) => row * column)),
    shape,
  );
}

function shiftsOf(axes: readonly Axis[]): number[][] {
  return axes.reduce<number[][]>(
    (lists, { most }) =>
      lists.flatMap((list) => Array.from({ length: most + 1 }, (_, j) => [...list, j])),
    [[]],
  );
}

export function poolingGradient(
  b: Builder,
  g: PoolGeometry,
  { x, output, cotangent }: { readonly x: Node; readonly output: Node; readonly cotangent: Node },
): Node {
  const axes = axesOf(g, x, output);
  // What lies behind the last cell is in no window.
  const used = axes.map(({ size, before, length }) => Math.min(size, length - before));
  const margins = axes.map(
    ({ before, length }, i) => [before, length - before - (used[i] ?? 0)] as const,
  );
  const cut = cropped(
    b,
    x,
    used.map((end) => [0, end]),
  );
  const elements = paddedAround(b, cut, margins, -FAR);
  const besideElements = (value: Node, shifts: readonly number[], fill: number): Node => {
    const pads = axes.map(({ most }, i) => [shifts[i] ?? 0, most - (shifts[i] ?? 0)] as const);
    const lengths = axes.map(({ length }) => length);
    return upsampled(b, paddedAround(b, value, pads, fill), g.strides, lengths);
  };
  const shifted = shiftsOf(axes).map((shifts) => {
    const reached = b.greaterOrEqual(elements, besideElements(output, shifts, FAR));
    const mask = inside(b, axes, shifts);
    const attained = mask ? b.mul(reached, mask) : reached;
    const windows = axes.map(
      ({ windows: count }, i) => [shifts[i] ?? 0, (shifts[i] ?? 0) + count] as const,
    );
    return { shifts, attained, count: cropped(b, blockSums(b, attained, g.strides), windows) };
  });
  const counts = shifted.map(({ count }) => count).reduce((sum, count) => b.add(sum, count));
  const each = b.div(cotangent, atLeastOne(b, counts));
  const gradient = shifted
    .map(({ shifts, attained }) => b.mul(attained, besideElements(each, shifts, 0)))
    .reduce((sum, part) => b.add(sum, part));
  const seen = cropped(
    b,
    gradient,
    axes.map(({ before }, i) => [before, before + (used[i] ?? 0)]),
  );
  return paddedAround(
    b,
    seen,
    axes.map(({ size }, i) => [0, size - (used[i] ?? 0)]),
    0,
  );
}
