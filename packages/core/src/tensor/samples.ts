/** Some of the samples of a tensor that has those of several one behind the other. */
import { floats, type Tensor } from './tensor.ts';

/** The chosen ones of `count` samples, whose values lie along the first axis; of float32 or int32. */
export function chosenSamples(tensor: Tensor, chosen: readonly number[], count: number): Tensor {
  const { type, data } = tensor;
  const [first = 1, ...rest] = tensor.shape;
  const size = data.length / count;
  const shape = [(first / count) * chosen.length, ...rest];
  if (data instanceof Float32Array) {
    const some = new Float32Array(chosen.length * size);
    chosen.forEach((sample, k) => {
      some.set(data.subarray(sample * size, (sample + 1) * size), k * size);
    });
    return floats(some, shape);
  }
  if (data instanceof Int32Array) {
    const some = new Int32Array(chosen.length * size);
    chosen.forEach((sample, k) => {
      some.set(data.subarray(sample * size, (sample + 1) * size), k * size);
    });
    return { type: 'int32', shape, data: some };
  }
  throw new RangeError(`samples of ${type} were not expected`);
}
