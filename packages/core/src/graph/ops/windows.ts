/**
 * Windows: which places of an image the places of a later image are computed from. Place (i, j) of the later one
 * sees, along each spatial axis, the places stride·i + first … stride·i + last; those outside the image are its
 * padding.
 */
import { sameShape } from '../dimension.ts';
import type { ValueType } from '../graph.ts';

export interface Window {
  /** By spatial axis. */
  readonly strides: readonly number[];
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** An op over windows. */
export interface Windowed<A> {
  /** The window of each operand that a window of the result is computed from; null for one without places. */
  readonly operands: readonly (Window | null)[];
  /** The op's attributes over windows that bring their padding along. */
  readonly attributes: A;
  /** Whether it takes places outside an image to be 0. */
  readonly pads: boolean;
}

export function windowSize({ first, last }: Window): number[] {
  return first.map((from, i) => (last[i] ?? from) - from + 1);
}

/** A window that holds both; undefined where they move by other strides. */
export function windowHull(a: Window, b: Window): Window | undefined {
  if (a.strides.some((stride, i) => stride !== b.strides[i])) return undefined;
  return {
    strides: a.strides,
    first: a.first.map((from, i) => Math.min(from, b.first[i] ?? from)),
    last: a.last.map((to, i) => Math.max(to, b.last[i] ?? to)),
  };
}

/** Of ops that meet their operands place by place: the same window of each that has places. */
export function placewise<A>(
  { attributes, shape }: ValueType & { readonly attributes: A },
  operands: readonly ValueType[],
  window: Window,
): Windowed<A> | undefined {
  const windows = operands.map((operand) => {
    const own = operand.shape.slice(2 - shape.length);
    if (own.every((size) => size === 1)) return null;
    return sameShape(operand.shape.slice(2), shape.slice(2)) ? window : undefined;
  });
  const known = windows.filter((each) => each !== undefined);
  return known.length < windows.length ? undefined : { operands: known, attributes, pads: false };
}
