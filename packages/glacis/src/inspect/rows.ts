/** Float32 results of a runtime, row after row. */
import type { Tensor } from '@glacis/core';
import { UsageError } from '../errors.ts';

export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function floatsOf(value: Tensor | undefined): Float32Array {
  if (value?.data instanceof Float32Array) return value.data;
  throw new UsageError('--check needs float32 outputs.');
}
