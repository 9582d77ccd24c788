/**
 * Layers with weights to be trained. Weights begin uniform in ±1/√fan-in (after LeCun et al.,
 * "Efficient BackProp", 1998), drawn by (seed, number of the layer); biases begin at zero.
 * Parameters are named in order: `0.weight`, `0.bias`, `1.weight`, …
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import { RandomBlock } from '../tensor/random.ts';
import { floats, sizeOf, zeros } from '../tensor/tensor.ts';

/** A square kernel. */
export interface Kernel {
  readonly size: number;
  readonly stride: number;
  readonly pad: number;
}

export class Layers {
  private readonly b: Builder;
  private readonly seed: number;
  private count = 0;

  constructor(b: Builder, seed: number) {
    this.b = b;
    this.seed = seed;
  }

  /** [batch, n] → [batch, width]: x·Wᵀ + bias. */
  dense(x: Node, width: number): Node {
    const { weight, bias } = this.parameters([width, Number(x.shape[1])], [width]);
    return this.b.add(this.b.matMul(x, weight, { transB: true }), bias);
  }

  /** [batch, C, H, W] → [batch, channels, H′, W′]. */
  convolution(x: Node, channels: number, { size, stride, pad }: Kernel): Node {
    const shape = [channels, Number(x.shape[1]), size, size];
    const { weight, bias } = this.parameters(shape, [channels, 1, 1]);
    const both = (value: number): number[] => [value, value];
    const geometry = {
      strides: both(stride),
      padBefore: both(pad),
      padAfter: both(pad),
      dilations: both(1),
      groups: 1,
    };
    return this.b.add(this.b.push('conv', [x, weight], geometry), bias);
  }

  private parameters(
    shape: readonly number[],
    biasShape: readonly number[],
  ): Record<'weight' | 'bias', Node> {
    const name = String(this.count);
    const random = new RandomBlock(this.seed, this.count, 0);
    this.count++;
    const reach = 1 / Math.sqrt(sizeOf(shape.slice(1)));
    const values = Float32Array.from(
      { length: sizeOf(shape) },
      (_, i) => reach * (2 * random.uniform(i) - 1),
    );
    return {
      weight: this.b.constant(floats(values, shape), `${name}.weight`, true),
      bias: this.b.constant(zeros('float32', biasShape), `${name}.bias`, true),
    };
  }
}
