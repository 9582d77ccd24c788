/** Random geometries of convolutions and pools that fit their input. */
import type { ConvGeometry } from '../../src/graph/ops/convolutions.ts';
import type { Draw } from './draw.ts';

export interface Window extends ConvGeometry {
  readonly kernel: readonly number[];
}

interface AxisWindow {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

function axisWindow(draw: Draw, size: number, mostPad: (kernel: number) => number): AxisWindow {
  const kernel = draw.integer(1, Math.min(3, size));
  const dilation = draw.chance(0.3) && 2 * (kernel - 1) + 1 <= size ? 2 : 1;
  const pad = (): number => draw.integer(0, mostPad(kernel));
  return { kernel, stride: draw.integer(1, 2), dilation, before: pad(), after: pad() };
}

/** A window for inputs of the given spatial sizes; pads as large as `mostPad` of the kernel allows. */
export function windowFor(
  draw: Draw,
  sizes: readonly number[],
  groups: number,
  mostPad: (kernel: number) => number = (kernel) => kernel - 1,
): Window {
  const axes = sizes.map((size) => axisWindow(draw, size, mostPad));
  return {
    kernel: axes.map(({ kernel }) => kernel),
    strides: axes.map(({ stride }) => stride),
    padBefore: axes.map(({ before }) => before),
    padAfter: axes.map(({ after }) => after),
    dilations: axes.map(({ dilation }) => dilation),
    groups,
  };
}

/** The attributes of a convolution alone. */
export function geometryOf(window: Window): ConvGeometry {
  const { strides, padBefore, padAfter, dilations, groups } = window;
  return { strides, padBefore, padAfter, dilations, groups };
}

/** Number of windows on each axis. */
export function windowCounts(window: Window, sizes: readonly number[]): number[] {
  return sizes.map((size, i) => {
    const reach = (window.dilations[i] ?? 1) * ((window.kernel[i] ?? 1) - 1) + 1;
    const span = size + (window.padBefore[i] ?? 0) + (window.padAfter[i] ?? 0) - reach;
    return Math.floor(span / (window.strides[i] ?? 1)) + 1;
  });
}

/** Sizes whose windows number `counts`: the least ones, and up to a stride more. */
export function transposedSizes(draw: Draw, window: Window, counts: readonly number[]): number[] {
  return counts.map((count, i) => {
    const stride = window.strides[i] ?? 1;
    const reach = (window.dilations[i] ?? 1) * ((window.kernel[i] ?? 1) - 1) + 1;
    const pads = (window.padBefore[i] ?? 0) + (window.padAfter[i] ?? 0);
    return stride * (count - 1) + reach - pads + draw.integer(0, stride - 1);
  });
}
