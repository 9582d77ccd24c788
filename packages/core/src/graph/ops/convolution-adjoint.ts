/**
 * Fast ways to write a transposed convolution with constant weights (2-D): an ordinary convolution
 * whose output channels are the sub-pixels of a block of m·m output pixels, m a multiple of the
 * stride, then interleaved. ONNX Runtime's blocked kernels make that faster than ConvTranspose; and
 * where there are few channels (they are padded to a block of 16), blocks larger than the stride fill it.
 *
 * Output position p = m·q + r takes from input i = (p + pad − dilation·k)/s, so phase r of q sees a
 * window of stride m/s: i − q·m/s ∈ [⌈(pad − K + 1)/s⌉, ⌊(m − 1 + pad)/s⌋]. A dilation needs s = m = 1.
 */
import { floats, type Tensor } from '../../tensor/tensor.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { ConvGeometry } from './convolutions.ts';
import type { Emitter } from './emitter.ts';
import { interleave } from './interleaving.ts';

/** One spatial axis of the adjoint. */
interface Axis {
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly kernel: number;
  readonly input: number;
  readonly output: number;
}

/** The same axis cut into blocks. */
interface Cut extends Axis {
  readonly block: number;
  /** Least offset i − q·m/s of any phase, and how many there are (a dilation apart). */
  readonly first: number;
  readonly taps: number;
  /** Number of blocks. */
  readonly positions: number;
}

const MULTIPLES = [1, 2];
/** Channels that a blocked kernel computes at once. */
const CHANNEL_BLOCK = 16;
/** Multiplications that take as long as moving one element to its place. */
const MOVE = 75;

function cut(axis: Axis, multiple: number): Cut {
  const { stride, dilation, pad, kernel, output } = axis;
  const block = stride * multiple;
  const first = Math.ceil((pad - dilation * (kernel - 1)) / stride);
  const last = Math.floor((block - 1 + pad) / stride);
  const taps = dilation === 1 ? last - first + 1 : kernel;
  return { ...axis, block, first, taps, positions: Math.ceil(output / block) };
}

/** The kernel tap that phase r uses at window offset t, or −1. */
function tap(axis: Cut, phase: number, t: number): number {
  const { stride, dilation, pad, kernel, first } = axis;
  const k = (phase + pad - stride * (first + t * dilation)) / dilation;
  return k >= 0 && k < kernel ? k : -1;
}

/** Weights [groups · phases · inner, outer, taps, taps] of the convolution for some of the phases. */
function subPixelWeights(w: Tensor, groups: number, phases: readonly number[], at: Cuts): Tensor {
  const [all = 0, inner = 0] = w.shape;
  const outer = all / groups;
  const [rows, columns] = at;
  const shape = [groups * phases.length * inner, outer, rows.taps, columns.taps];
  const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  const { data: weights } = w;
  let to = 0;
  for (let group = 0; group < groups; group++) {
    for (const phase of phases) {
      const [rowPhase, columnPhase] = [Math.floor(phase / columns.block), phase % columns.block];
      for (let c = 0; c < inner; c++) {
        for (let o = 0; o < outer; o++) {
          const kernelAt = ((group * outer + o) * inner + c) * rows.kernel;
          for (let t = 0; t < rows.taps; t++) {
            for (let u = 0; u < columns.taps; u++, to++) {
              const [i, j] = [tap(rows, rowPhase, t), tap(columns, columnPhase, u)];
              if (i < 0 || j < 0) continue;
              data[to] = Number(weights[(kernelAt + i) * columns.kernel + j] ?? 0);
            }
          }
        }
      }
    }
  }
  return floats(data, shape);
}

type Cuts = readonly [Cut, Cut];

/** Padding (or, where negative, cropping) that lets the window visit every block. */
function padsOf({ block, stride, dilation, first, taps, positions, input }: Cut): [number, number] {
  const end = (positions - 1) * (block / stride) + first + (taps - 1) * dilation + 1;
  return [-first, end - input];
}

/** Time an output pixel takes, in multiplications of one input channel. */
function cost([rows, columns]: Cuts, outer: number, inner: number): number {
  const pixels = rows.block * columns.block;
  const channels = Math.ceil((inner * pixels) / CHANNEL_BLOCK) * CHANNEL_BLOCK;
  const products = (rows.taps * columns.taps * channels * outer) / pixels;
  return products + (pixels > 1 ? MOVE * inner : 0);
}

function cuts(rows: Axis, columns: Axis, multiple: number): Cuts {
  return [cut(rows, multiple), cut(columns, multiple)];
}

function fits(each: Cut): boolean {
  return each.taps >= 1 && padsOf(each).every((pad) => pad >= 0);
}

/** The result's name, or undefined where this formulation does not apply. */
export function transposeAsConv(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  if (w.op !== 'constant' || w.type !== 'float32' || w.shape.length !== 4) return;
  const dilated = g.dilations.some((dilation) => dilation !== 1);
  if (dilated && g.strides.some((stride) => stride !== 1)) return;
  const [rows, columns] = [0, 1].map((i) => ({
    stride: g.strides[i] ?? 1,
    dilation: g.dilations[i] ?? 1,
    pad: g.padBefore[i] ?? 0,
    kernel: known(w.shape[i + 2] ?? 0, 'a kernel'),
    input: known(y.shape[i + 2] ?? 0, 'a spatial axis'),
    output: g.size[i] ?? 0,
  }));
  if (!rows || !columns) return;
  const [outer, inner] = [known(w.shape[0] ?? 0, 'channels') / g.groups, Number(w.shape[1] ?? 0)];
  const [best] = MULTIPLES.slice(0, dilated || g.groups > 1 ? 1 : MULTIPLES.length)
    .map((multiple) => cuts(rows, columns, multiple))
    .filter((each) => each.every(fits))
    .sort((a, b) => cost(a, outer, inner) - cost(b, outer, inner));
  if (!best) return;
  const [[top, bottom], [left, right]] = [padsOf(best[0]), padsOf(best[1])];
  const convolved = (phases: readonly number[]): string =>
    e.node(
      'Conv',
      [e.nameOf(y), e.constant(subPixelWeights(w.attributes.tensor, g.groups, phases, best))],
      {
        strides: best.map(({ block, stride }) => block / stride),
        pads: [top, left, bottom, right],
        dilations: g.dilations,
        group: g.groups,
      },
    );
  const phases = Array.from({ length: best[0].block * best[1].block }, (_, phase) => phase);
  // Kernels for one channel a group exist for one result a channel only: a convolution a phase.
  if (g.groups > 1 || phases.length === 1) {
    const parts = phases.map((phase) => convolved([phase]));
    return interleave(e, parts, g.groups * inner, best);
  }
  const count = phases.length;
  const parts = e.nodes('Split', [convolved(phases)], count, { axis: 1, num_outputs: count });
  return interleave(e, parts, inner, best);
}
