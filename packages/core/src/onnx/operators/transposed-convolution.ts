/** ConvTranspose, with its five ways to say how large the result is. */
import { known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';
import { addBias } from './linear.ts';
import { MOST_STEP } from './windows.ts';

interface Result {
  readonly size: number;
  readonly before: number;
  readonly after: number;
}

/** `whole`: the size with nothing cut off at either end. */
function resultOf(
  c: LoweringContext,
  i: number,
  rank: number,
  whole: number,
  even: number,
): Result {
  const automatic = c.text('auto_pad', 'NOTSET');
  const wanted = c.ints('output_shape')?.slice(-rank)[i];
  const same = automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER';
  if (wanted === undefined && !same) {
    const pads = automatic === 'VALID' ? [] : (c.ints('pads') ?? []);
    const [before, after] = [pads[i] ?? 0, pads[i + rank] ?? 0];
    return { size: whole - before - after, before, after };
  }
  // A kernel smaller than its stride leaves a rim that no tap reaches, which is not part of the result.
  const size = wanted ?? Math.min(even, whole);
  const cut = Math.max(0, whole - size);
  const [smaller, larger] = [Math.floor(cut / 2), Math.ceil(cut / 2)];
  const [before, after] = automatic === 'SAME_UPPER' ? [smaller, larger] : [larger, smaller];
  return { size, before, after };
}

function convTranspose(c: LoweringContext): Node {
  const [y, w] = [c.operand(0), c.operand(1)];
  const kernel = w.shape.slice(2).map((dim) => known(dim, 'a kernel'));
  const rank = kernel.length;
  if (rank > 2) throw c.unsupported('3-D convolutions are not supported');
  const perAxis = (name: string, absent: number, least: number): number[] => {
    const list = c.ints(name) ?? kernel.map(() => absent);
    if (list.length === rank && list.every((value) => value >= least && value <= MOST_STEP))
      return list;
    throw c.invalid(`${name} needs a number of at least ${least} for each spatial axis`);
  };
  const [strides, dilations] = [perAxis('strides', 1, 1), perAxis('dilations', 1, 1)];
  const extra = perAxis('output_padding', 0, 0);
  const results = kernel.map((taps, i) => {
    const [stride = 1, dilation = 1, more = 0] = [strides[i], dilations[i], extra[i]];
    const size = known(y.shape[i + 2] ?? 0, 'a spatial axis of a transposed convolution');
    const whole = stride * (size - 1) + dilation * (taps - 1) + 1 + more;
    return resultOf(c, i, rank, whole, size * stride);
  });
  if (results.some(({ size, before, after }) => size < 1 || before < 0 || after < 0)) {
    throw c.invalid('the pads leave nothing of the result');
  }
  const value = c.b.push('convTranspose', [y, w], {
    strides,
    dilations,
    padBefore: results.map(({ before }) => before),
    padAfter: results.map(({ after }) => after),
    groups: c.int('group', 1),
    size: results.map(({ size }) => size),
  });
  return addBias(c, value, c.optional(2));
}

export const transposedConvolution: Readonly<Record<string, Lowering>> = {
  ConvTranspose: convTranspose,
};
