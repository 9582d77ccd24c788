/** Networks whose weights are from 1e-30 to 1e30, layer by layer or within a layer, but whose values fit float32. */
import { Builder } from '../../src/graph/builder.ts';
import { BATCH } from '../../src/graph/dimension.ts';
import type { Node } from '../../src/graph/graph.ts';
import { writeModel } from '../../src/onnx/write.ts';
import type { Draw } from './draw.ts';

/** Elements of the input, `x`. */
export const WIDTH = 6;
const OUTPUTS = 3;
const DECADES = 30;
/** No value is to be larger, and no weight but 0 smaller. */
const [MOST, LEAST] = [1e28, 1e-44];

/** A value, and at least as much as its elements may be. */
interface Sized {
  readonly node: Node;
  readonly width: number;
  readonly size: number;
}

/** Some factor of a value of that size: any, or one that brings it back to about 1. */
function factor(draw: Draw, size: number): number {
  const any = 10 ** draw.real(-DECADES, DECADES);
  const own = draw.chance(0.4) ? 1 / size : any;
  return Math.min(Math.max(own, 10 ** -DECADES), 10 ** DECADES, MOST / size);
}

function weights(draw: Draw, count: number, scale: number, most: number): number[] {
  const spread = draw.pick([0, 0, 3, DECADES]);
  return draw.list(count, () => {
    const own = Math.min(Math.max(scale * 10 ** draw.real(-spread, spread), LEAST), most);
    return draw.chance(0.1) ? 0 : draw.real(-1, 1) * own;
  });
}

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs), LEAST);

function dense(b: Builder, draw: Draw, { node, width, size }: Sized, outputs: number): Sized {
  const own = weights(draw, width * outputs, factor(draw, size * width), MOST / (size * width));
  const product = b.matMul(node, b.floats(own, [width, outputs]));
  return { node: product, width: outputs, size: size * width * largest(own) };
}

/** A convolution over two channels, with a scale or a normalisation behind it. */
function convolved(b: Builder, draw: Draw, { node, width, size }: Sized): Sized {
  const channels = 2;
  const image = b.reshape(node, [BATCH, 1, 1, width]);
  const own = weights(draw, channels, factor(draw, size), MOST / size);
  const geometry = { strides: [1, 1], padBefore: [0, 0], padAfter: [0, 0], dilations: [1, 1] };
  const kernel = b.floats(own, [channels, 1, 1, 1]);
  const sums = b.push('conv', [image, kernel], { ...geometry, groups: 1 });
  const reached = size * largest(own);
  const scales = weights(draw, channels, factor(draw, reached), MOST / reached);
  const zeros = b.floats([0, 0], [channels]);
  const parts = [b.floats(scales, [channels]), zeros, zeros, b.floats([1, 1], [channels])];
  const scaled = draw.chance(0.5)
    ? b.mul(sums, b.floats(scales, [channels, 1, 1]))
    : b.push('batchNorm', [sums, ...parts], { epsilon: 0 });
  return {
    node: b.reshape(scaled, [BATCH, channels * width]),
    width: channels * width,
    size: reached * largest(scales),
  };
}

function scaled(b: Builder, draw: Draw, { node, width, size }: Sized): Sized {
  const by = factor(draw, size);
  return { node: b.mul(node, by), width, size: size * by };
}

function shifted(b: Builder, draw: Draw, { node, width, size }: Sized): Sized {
  const by = draw.list(width, () => draw.real(-1, 1) * Math.min(size, MOST));
  return { node: b.add(node, b.floats(by, [1, width])), width, size: 2 * size };
}

function bent(b: Builder, draw: Draw, { node, width, size }: Sized): Sized {
  switch (draw.integer(0, 5)) {
    case 0:
      return { node: b.push('leakyRelu', [node], { slope: 0.1 }), width, size };
    case 1:
      return { node: b.push('tanh', [node], {}), width, size: Math.min(size, 1) };
    case 2:
      return size < 1e13
        ? { node: b.mul(node, node), width, size: Math.max(size * size, LEAST) }
        : { node: b.abs(node), width, size };
    default:
      return { node: b.relu(node), width, size };
  }
}

/** x [batch, WIDTH], at most of the given size → out [batch, 3]. */
export function scaledNetwork(draw: Draw, size: number): Uint8Array {
  const b = new Builder();
  let value: Sized = { node: b.input('x', [BATCH, WIDTH]), width: WIDTH, size };
  for (let depth = draw.integer(0, 3); depth > 0; depth--) {
    value =
      draw.chance(0.4) && value.width <= 16
        ? convolved(b, draw, value)
        : dense(b, draw, value, draw.pick([1, 3, 8, 70]));
    if (draw.chance(0.3)) value = shifted(b, draw, value);
    if (draw.chance(0.3)) value = scaled(b, draw, value);
    if (draw.chance(0.8)) value = bent(b, draw, value);
  }
  return writeModel(b.graph({ out: dense(b, draw, value, OUTPUTS).node }));
}
