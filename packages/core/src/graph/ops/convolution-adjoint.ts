/**
 * A fast way to write a transposed convolution with constant weights: an ordinary convolution
 * of stride 1 whose output channels are the s·s sub-pixels of each input pixel, then interleaved. ONNX
 * Runtime's blocked kernels make that faster than ConvTranspose, unless there are few channels: those
 * kernels compute sixteen at once, needed or not.
 *
 * Output position p = s·q + r takes from input i = (p + pad − dilation·k)/s, so phase r of q sees a
 * stride-1 window i − q ∈ [⌈(pad − K + 1)/s⌉, ⌊(s − 1 + pad)/s⌋]. A dilation needs s = 1.
 */
import { floats, integers, type Tensor } from '../../tensor/tensor.ts';
import { known, sameShape } from '../dimension.ts';
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

/** The same axis cut into blocks of a stride. */
interface Cut extends Axis {
  readonly block: number;
  /** Least offset i − q of any phase, and how many there are (a dilation apart). */
  readonly first: number;
  readonly taps: number;
  /** Number of blocks. */
  readonly positions: number;
}

/** Up to so many output channels ConvTranspose is faster, by up to five times for one. */
const FEW_CHANNELS = 10;

const ROW: Axis = { stride: 1, dilation: 1, pad: 0, kernel: 1, input: 1, output: 1 };

function cut(axis: Axis): Cut {
  const { stride, dilation, pad, kernel, output } = axis;
  const first = Math.ceil((pad - dilation * (kernel - 1)) / stride);
  const last = Math.floor((stride - 1 + pad) / stride);
  const taps = dilation === 1 ? last - first + 1 : kernel;
  return { ...axis, block: stride, first, taps, positions: Math.ceil(output / stride) };
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

/** Padding (or, where negative, cropping) that lets the window visit every pixel. */
function padsOf({ dilation, first, taps, positions, input }: Cut): [number, number] {
  return [-first, positions + first + (taps - 1) * dilation - input];
}

function fits(each: Cut): boolean {
  return each.taps >= 1 && padsOf(each).every((pad) => pad >= 0);
}

/** Every phase is a part of its own; with more, most of the weights are zeros. */
const MOST_PHASES = 64;

/** As a product of matrices, which it is where every image is one place and is spread over one kernel. */
export function transposeOfPlaces(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  if (w.op !== 'constant' || w.type !== 'float32' || g.groups !== 1) return undefined;
  const isOne = y.shape.slice(2).every((size) => size === 1);
  const isWhole =
    sameShape(w.shape.slice(2), g.size) &&
    g.padBefore.every((pad) => pad === 0) &&
    g.dilations.every((dilation) => dilation === 1);
  if (!isOne || !isWhole) return undefined;
  const [batch = 1, channels = 1] = y.shape;
  const { data } = w.attributes.tensor;
  const width = data.length / known(channels, 'channels');
  const rows = e.node('Reshape', [e.nameOf(y), e.reshapeTarget([batch, channels])]);
  const matrix = e.constant({ type: 'float32', shape: [Number(channels), width], data });
  const spread = e.node('MatMul', [rows, matrix]);
  return e.node('Reshape', [spread, e.reshapeTarget([batch, w.shape[1] ?? 1, ...g.size])]);
}

/** The result's name, or undefined where this formulation does not apply. */
export function transposeAsConv(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  if (w.op !== 'constant' || w.type !== 'float32') return;
  const dilated = g.dilations.some((dilation) => dilation !== 1);
  if (dilated && g.strides.some((stride) => stride !== 1)) return;
  const inner = known(w.shape[1] ?? 0, 'channels');
  if (g.groups === 1 && inner <= FEW_CHANNELS) return;
  // A line is an image of one row: blocked kernels are for images.
  const line = w.shape.length === 3;
  const axisAt = (i: number): Axis => ({
    stride: g.strides[i] ?? 1,
    dilation: g.dilations[i] ?? 1,
    pad: g.padBefore[i] ?? 0,
    kernel: known(w.shape[i + 2] ?? 0, 'a kernel'),
    input: known(y.shape[i + 2] ?? 0, 'a spatial axis'),
    output: g.size[i] ?? 0,
  });
  const axes: Cuts = line ? [cut(ROW), cut(axisAt(0))] : [cut(axisAt(0)), cut(axisAt(1))];
  if (!axes.every(fits) || axes[0].block * axes[1].block > MOST_PHASES) return;
  const [[top, bottom], [left, right]] = [padsOf(axes[0]), padsOf(axes[1])];
  const reshape = (name: string, shape: readonly number[]): string =>
    e.node('Reshape', [name, e.constant(integers(shape))]);
  const image = line
    ? reshape(e.nameOf(y), [-1, known(w.shape[0] ?? 0, 'channels'), 1, axes[1].input])
    : e.nameOf(y);
  const finished = (parts: readonly string[]): string => {
    const whole = interleave(e, parts, g.groups * inner, axes);
    return line ? reshape(whole, [-1, g.groups * inner, axes[1].output]) : whole;
  };
  const convolved = (phases: readonly number[]): string =>
    e.node(
      'Conv',
      [image, e.constant(subPixelWeights(w.attributes.tensor, g.groups, phases, axes))],
      {
        strides: [1, 1],
        pads: [top, left, bottom, right],
        dilations: axes.map(({ dilation }) => dilation),
        group: g.groups,
      },
    );
  const phases = Array.from({ length: axes[0].block * axes[1].block }, (_, phase) => phase);
  // Kernels for one channel a group exist for one result a channel only: a convolution a phase.
  if (g.groups > 1 || phases.length === 1) {
    return finished(phases.map((phase) => convolved([phase])));
  }
  const count = phases.length;
  return finished(e.nodes('Split', [convolved(phases)], count, { axis: 1, num_outputs: count }));
}
