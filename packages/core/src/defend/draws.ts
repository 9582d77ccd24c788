/** Random numbers of a batch: each row's belong to its sample and the epoch, whatever the batch. */
import { RandomBlock } from '../tensor/random.ts';
import { rowSize, type Tensor } from '../tensor/tensor.ts';

export interface Draw {
  readonly seed: number;
  /** −1 for what is not part of an epoch. */
  readonly epoch: number;
}

/** Keeps noise and augmentation apart from each other, and from orders and first weights. */
const [NOISE, AUGMENTATION] = [0x20000000, 0x40000000];

export function augmentationOf({ seed, epoch }: Draw, sample: number): RandomBlock {
  return new RandomBlock(seed, sample, AUGMENTATION + epoch);
}

/** Numbers of the rows' shape: uniform in [−1, 1), or standard normal. */
export function drawn(
  kind: 'uniform' | 'normal',
  x: Tensor<'float32'>,
  samples: Uint32Array,
  { seed, epoch }: Draw,
): Tensor<'float32'> {
  const size = rowSize(x);
  const data = new Float32Array(samples.length * size);
  samples.forEach((sample, row) => {
    const random = new RandomBlock(seed, sample, NOISE + epoch);
    const start = row * size;
    if (kind === 'normal') {
      for (let i = 0; i < size; i++) data[start + i] = random.normal(i);
    } else {
      for (let i = 0; i < size; i++) data[start + i] = 2 * random.uniform(i) - 1;
    }
  });
  return { type: 'float32', shape: x.shape, data };
}
