/** Results as their numbers, and numbers as what programs are fed. */
import type { Tensor } from '../tensor/tensor.ts';

/** The numbers of a float32 result. */
export function numbers(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError('a bound is not float32');
  return tensor.data;
}

/** A float32 scalar. */
export const scalar = (value: number): Tensor => ({
  type: 'float32',
  shape: [],
  data: Float32Array.of(value),
});
