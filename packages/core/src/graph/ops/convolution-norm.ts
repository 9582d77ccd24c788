/**
 * The spectral norm of a zero-padded convolution, from above. Padded with zeros, the input lies on a torus of
 * N ≥ size + pads places where the convolution is circular and the output a part of it, so that the norm is at
 * most the torus's: the largest over its frequencies ω of ‖Σ_t K_t·e^{iωt}‖₂ (Sedghi et al. 2019), which Gram
 * iteration bounds. A stride s takes every s-th place: a convolution of stride 1 over s·s times the channels.
 */
import {
  frobenius,
  fullSteps,
  gramCost,
  type Matrix,
  spectralNormBound,
} from '../../tensor/gram.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ConvGeometry } from './convolutions.ts';

/** Multiplications spent on one convolution. */
const BUDGET = 2e9;
const COARSE_STEPS = 2;
const UNIT = 2 ** -52;

/** Σ over taps of a frequency's phases: at place `column` of the matrix, from the tap's offset. */
interface Tap {
  /** Index of the tap in the kernel. */
  readonly index: number;
  /** Which of the places between two strides it meets. */
  readonly phase: number;
  /** Strides it is away, by axis. */
  readonly away: readonly number[];
}

interface Torus {
  /** Places of the output, by axis. */
  readonly places: readonly number[];
  readonly phases: number;
  readonly taps: readonly Tap[];
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

/** Every list of whole numbers below the sizes, the last axis fastest. */
function placesOf(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (lists, size) => lists.flatMap((list) => Array.from({ length: size }, (_, i) => [...list, i])),
    [[]],
  );
}

function torusOf(g: ConvGeometry, kernel: readonly number[], image: readonly number[]): Torus {
  const stride = (i: number): number => g.strides[i] ?? 1;
  const places = image.map((size, i) =>
    Math.ceil((size + (g.padBefore[i] ?? 0) + (g.padAfter[i] ?? 0)) / stride(i)),
  );
  const taps = placesOf(kernel).map((tap, index) => {
    const offsets = tap.map((t, i) => t * (g.dilations[i] ?? 1));
    return {
      index,
      phase: offsets.reduce((phase, offset, i) => phase * stride(i) + (offset % stride(i)), 0),
      away: offsets.map((offset, i) => Math.floor(offset / stride(i))),
    };
  });
  return { places, phases: product(g.strides), taps };
}

/** Weights [out, in, taps] of one group. */
interface Group {
  readonly data: Float64Array;
  readonly out: number;
  readonly channels: number;
}

/** The matrix of a frequency as a real one of twice the size, [[Re, −Im], [Im, Re]], of the same norm. */
function symbol(
  { data, out, channels }: Group,
  torus: Torus,
  frequency: readonly number[],
): Matrix {
  const { taps, phases, places } = torus;
  const half = channels * phases;
  const matrix = new Float64Array(4 * out * half);
  for (const { index, phase, away } of taps) {
    // Whole turns are taken off before anything is rounded.
    const turns = away.reduce((sum, steps, i) => {
      const n = places[i] ?? 1;
      return sum + (((frequency[i] ?? 0) * steps) % n) / n;
    }, 0);
    const [re, im] = [Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns)];
    for (let o = 0; o < out; o++) {
      for (let c = 0; c < channels; c++) {
        const weight = data[(o * channels + c) * taps.length + index] ?? 0;
        const [top, bottom] = [o * 2 * half, (o + out) * 2 * half];
        const column = phase * channels + c;
        matrix[top + column] = (matrix[top + column] ?? 0) + weight * re;
        matrix[bottom + half + column] = (matrix[bottom + half + column] ?? 0) + weight * re;
        matrix[top + half + column] = (matrix[top + half + column] ?? 0) - weight * im;
        matrix[bottom + column] = (matrix[bottom + column] ?? 0) + weight * im;
      }
    }
  }
  return { rows: 2 * out, columns: 2 * half, data: matrix };
}

/** What the elements of all these matrices may be off by, as a norm. */
function symbolError({ data, out, channels }: Group, taps: number): number {
  const sums = new Float64Array(out * channels);
  data.forEach((weight, i) => {
    const at = Math.floor(i / taps);
    sums[at] = (sums[at] ?? 0) + Math.abs(weight);
  });
  return 2 * (taps + 32) * UNIT * frobenius({ rows: out, columns: channels, data: sums });
}

function groupNorm(group: Group, torus: Torus): number {
  // A real kernel's frequencies come in pairs of the same norm.
  const [first = 1, ...others] = torus.places;
  const frequencies = placesOf([Math.floor(first / 2) + 1, ...others]);
  const [rows, columns] = [2 * group.out, 2 * group.channels * torus.phases];
  const isDear = frequencies.length * gramCost(rows, columns, COARSE_STEPS) > BUDGET;
  const bounded = frequencies
    .map((frequency) => {
      const matrix = symbol(group, torus, frequency);
      return { frequency, bound: spectralNormBound(matrix, isDear ? 0 : COARSE_STEPS) };
    })
    .sort((a, b) => b.bound - a.bound);
  const steps = fullSteps(rows, columns);
  let [best, spent] = [0, 0];
  for (const { frequency, bound } of bounded) {
    // No other frequency is above its own bound, which is at most this one's.
    if (bound <= best || spent > BUDGET) return Math.max(best, bound);
    best = Math.max(best, spectralNormBound(symbol(group, torus, frequency), steps));
    spent += gramCost(rows, columns, steps);
  }
  return best;
}

/** Upper bound of the norm of a convolution of images of the given size by weights [out, in, …kernel]. */
export function convolutionNorm(
  { shape, data }: Tensor,
  geometry: ConvGeometry,
  image: readonly number[],
): number {
  const [out = 1, channels = 1, ...kernel] = shape;
  const torus = torusOf(geometry, kernel, image);
  const taps = product(kernel);
  const perGroup = out / geometry.groups;
  const weights = Float64Array.from(data, Number);
  const norms = Array.from({ length: geometry.groups }, (_, i) => {
    const size = perGroup * channels * taps;
    const group = { data: weights.slice(i * size, (i + 1) * size), out: perGroup, channels };
    return groupNorm(group, torus) + symbolError(group, taps);
  });
  return Math.max(...norms) * (1 + 4 * UNIT);
}
