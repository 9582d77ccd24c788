/**
 * Parameters as they are before any training, in the place of those of the file: weights uniform in
 * ±1/√fan-in (after LeCun et al., "Efficient BackProp", 1998), scales 1, shifts 0, statistics those of
 * normal numbers.
 */
import { RandomBlock } from '../tensor/random.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { TrainableNetwork, Values } from './network.ts';
import type { Layout, Role } from './parameters.ts';

const CONSTANTS: Readonly<Record<Exclude<Role, 'weight'>, number>> = {
  scale: 1,
  shift: 0,
  mean: 0,
  variance: 1,
};

/** Fresh values, drawn by (seed, number of the parameter). */
export function initialised({ parts }: TrainableNetwork, seed: number): Values {
  return { parameters: drawn(parts.trained, seed), statistics: drawn(parts.statistics, seed) };
}

function drawn({ entries, size }: Layout, seed: number): Tensor<'float32'> {
  const vector = new Float32Array(size);
  for (const [number, { role, fanIn, offset, value }] of entries.entries()) {
    const own = vector.subarray(offset, offset + sizeOf(value.shape));
    if (role !== 'weight') {
      own.fill(CONSTANTS[role]);
      continue;
    }
    const random = new RandomBlock(seed, number, 0);
    const reach = 1 / Math.sqrt(fanIn);
    for (let i = 0; i < own.length; i++) own[i] = reach * (2 * random.uniform(i) - 1);
  }
  return floats(vector);
}
