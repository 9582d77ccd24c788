/**
 * Fast ways to write a transposed convolution with constant weights (2-D, one group, dilation 1):
 * one ordinary stride-1 convolution whose output channels are the s·s sub-pixels of each input
 * pixel, then interleaved. ONNX Runtime's blocked kernels make that faster than ConvTranspose.
 *
 * Output position p = s·q + r takes from input i = (p + pad − k)/s, so phase r of q sees a
 * stride-1 window i − q ∈ [⌊(r + pad − K + 1)/s⌉, ⌊(r + pad)/s⌋].
 */
import { floats, integers, type Tensor } from '../../tensor/tensor.ts';
import { known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { ConvGeometry } from './convolutions.ts';
import type { Emitter } from './emitter.ts';

interface Axis {
  readonly stride: number;
  readonly pad: number;
  readonly kernel: number;
  readonly input: number;
  readonly output: number;
  /** Smallest i − q of any phase, and how many there are. */
  readonly first: number;
  readonly taps: number;
  /** Number of q positions. */
  readonly positions: number;
}

function axisOf(stride: number, pad: number, kernel: number, input: number, output: number): Axis {
  const first = Math.ceil((pad - kernel + 1) / stride);
  const last = Math.floor((stride - 1 + pad) / stride);
  const positions = Math.ceil(output / stride);
  return { stride, pad, kernel, input, output, first, taps: last - first + 1, positions };
}

/** The kernel tap that phase r uses at window offset t, or −1. */
function tap(axis: Axis, phase: number, t: number): number {
  const k = phase + axis.pad - axis.stride * (t + axis.first);
  return k >= 0 && k < axis.kernel ? k : -1;
}

function subPixelWeights(w: Tensor, rows: Axis, columns: Axis): Tensor {
  const [outer = 0, inner = 0] = w.shape;
  const phases = rows.stride * columns.stride;
  const shape = [phases * inner, outer, rows.taps, columns.taps];
  const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  let to = 0;
  for (let phase = 0; phase < phases; phase++) {
    const [rowPhase, columnPhase] = [Math.floor(phase / columns.stride), phase % columns.stride];
    for (let c = 0; c < inner; c++) {
      for (let o = 0; o < outer; o++) {
        for (let t = 0; t < rows.taps; t++) {
          for (let u = 0; u < columns.taps; u++, to++) {
            const [i, j] = [tap(rows, rowPhase, t), tap(columns, columnPhase, u)];
            if (i < 0 || j < 0) continue;
            const from = ((o * inner + c) * rows.kernel + i) * columns.kernel + j;
            data[to] = Number(w.data[from] ?? 0);
          }
        }
      }
    }
  }
  return floats(data, shape);
}

/** Padding (or, where negative, cropping) that lets a stride-1 window visit every q. */
function padsOf(axis: Axis): [number, number] {
  const before = -axis.first;
  const after = axis.positions - 1 + axis.first + axis.taps - axis.input;
  return [before, after];
}

/** Every phase is a part of its own; with more, most of the weights are zeros. */
const MOST_PHASES = 64;

/** The result's name, or undefined where this formulation does not apply. */
export function transposeAsConv(
  e: Emitter,
  g: ConvGeometry & { readonly size: readonly number[] },
  y: Node,
  w: Node,
): string | undefined {
  if (w.op !== 'constant' || w.type !== 'float32' || w.shape.length !== 4 || g.groups !== 1) return;
  if (g.dilations.some((dilation) => dilation !== 1)) return;
  const [rows, columns] = [0, 1].map((i) =>
    axisOf(
      g.strides[i] ?? 1,
      g.padBefore[i] ?? 0,
      known(w.shape[i + 2] ?? 0, 'a kernel'),
      known(y.shape[i + 2] ?? 0, 'a spatial axis'),
      g.size[i] ?? 0,
    ),
  );
  if (!rows || !columns || rows.taps < 1 || columns.taps < 1) return;
  if (rows.stride * columns.stride > MOST_PHASES) return;
  const [top, bottom] = padsOf(rows);
  const [left, right] = padsOf(columns);
  if (Math.min(top, bottom, left, right) < 0) return;
  const inner = known(w.shape[1] ?? 0, 'channels');
  const convolved = e.node(
    'Conv',
    [e.nameOf(y), e.constant(subPixelWeights(w.attributes.tensor, rows, columns))],
    { strides: [1, 1], pads: [top, left, bottom, right], dilations: [1, 1], group: 1 },
  );
  return interleave(e, convolved, inner, rows, columns);
}

/** [batch, s·s·C, Q, P] → [batch, C, H, W] by joining phases on a trailing axis, rows after columns. */
function interleave(e: Emitter, value: string, inner: number, rows: Axis, columns: Axis): string {
  const phases = rows.stride * columns.stride;
  if (phases === 1) return value;
  const parts = e.nodes('Split', [value], phases, { axis: 1, num_outputs: phases });
  const reshape = (name: string, shape: readonly number[]): string =>
    e.node('Reshape', [name, e.constant(integers(shape))]);
  const lines = Array.from({ length: rows.stride }, (_, r) => {
    const line = parts.slice(r * columns.stride, (r + 1) * columns.stride);
    const columnsJoined =
      line.length === 1 && line[0] !== undefined
        ? line[0]
        : e.node(
            'Concat',
            line.map((name) => reshape(name, [-1, inner, rows.positions, columns.positions, 1])),
            { axis: 4 },
          );
    return reshape(columnsJoined, [
      -1,
      inner,
      rows.positions,
      1,
      columns.positions * columns.stride,
    ]);
  });
  const joined = lines.length === 1 ? (lines[0] ?? '') : e.node('Concat', lines, { axis: 3 });
  const [height, width] = [rows.positions * rows.stride, columns.positions * columns.stride];
  const whole = reshape(joined, [-1, inner, height, width]);
  if (height === rows.output && width === columns.output) return whole;
  return e.node('Slice', [
    whole,
    e.constant(integers([0, 0])),
    e.constant(integers([rows.output, columns.output])),
    e.constant(integers([2, 3])),
  ]);
}
