/**
 * Parameters as they are before any training, in the place of those of the file: weights uniform in
 * ±1/√fan-in (after LeCun et al., "Efficient BackProp", 1998) or as the method has them, scales 1, shifts 0,
 * statistics those of normal numbers.
 */
import { RandomBlock } from '../tensor/random.ts';
import { floats, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Method } from './method.ts';
import type { TrainableNetwork, Values } from './network.ts';
import type { Layout, Role } from './parameters.ts';

const CONSTANTS: Readonly<Record<Exclude<Role, 'weight'>, number>> = {
  scale: 1,
  shift: 0,
  mean: 0,
  variance: 1,
};

/** Fresh values, drawn by (seed, number of the parameter); weights are normal where a method says their spread. */
export function initialised(
  { parts }: TrainableNetwork,
  seed: number,
  spread?: Method['spread'],
): Values {
  const { trained, statistics } = parts;
  return { parameters: drawn(trained, seed, spread), statistics: drawn(statistics, seed) };
}

function drawn(
  { entries, size }: Layout,
  seed: number,
  spread?: Method['spread'],
): Tensor<'float32'> {
  const vector = new Float32Array(size);
  for (const [number, { role, fanIn, offset, value }] of entries.entries()) {
    const own = vector.subarray(offset, offset + sizeOf(value.shape));
    if (role !== 'weight') {
      own.fill(CONSTANTS[role]);
      continue;
    }
    const random = new RandomBlock(seed, number, 0);
    const reach = spread?.(fanIn) ?? 1 / Math.sqrt(fanIn);
    const draw = (i: number): number => (spread ? random.normal(i) : 2 * random.uniform(i) - 1);
    for (let i = 0; i < own.length; i++) own[i] = reach * draw(i);
  }
  return floats(vector);
}
