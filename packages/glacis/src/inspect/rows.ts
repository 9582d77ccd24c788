/** Results of a runtime, row after row, as float64 numbers. */
import { ModelError, type Tensor } from '@glacis/core';

export function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function numbersOf(value: Tensor | undefined): Float64Array {
  if (!value) throw new ModelError('invalid', 'it does not give an output that it declares');
  const { data } = value;
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : new Float64Array(data);
}

/** The same, as they are where they are float32: a gradient is as long as the input. */
export function reals(value: Tensor | undefined): Float32Array | Float64Array {
  return value?.data instanceof Float32Array ? value.data : numbersOf(value);
}
