/**
 * Random networks of several inputs, several outputs and named values inside, as ONNX files made by hand: inputs
 * are joined, each layer is a product, a sum and a ReLU, and each output has a product of its own.
 */
import { floats, type Tensor } from '../../src/tensor/tensor.ts';
import type { Draw } from '../generators/draw.ts';
import { type NodeSpec, onnxFile } from '../onnx/hand-made.ts';
import { affine, evaluateLayers, type Layer } from './line-oracle.ts';

/** A value inside: before the bias, before the ReLU, or after it. */
export interface HiddenValue {
  readonly layer: number;
  readonly kind: 'product' | 'sum' | 'active';
}

export interface Ports {
  readonly layers: readonly Layer[];
  /** Elements of each input, and of each output. */
  readonly inputSizes: readonly number[];
  readonly outputSizes: readonly number[];
  readonly hidden: readonly HiddenValue[];
  /** Whether shapes have no axis for samples. */
  readonly batchless: boolean;
}

export const nameOfHidden = ({ layer, kind }: HiddenValue): string => `${kind}/${layer}`;

export const sizeOfHidden = ({ layers }: Pick<Ports, 'layers'>, { layer }: HiddenValue): number =>
  layers[layer]?.biases.length ?? 0;

/** Hidden values and then outputs, in float64. */
export function valuesAt({ layers, hidden }: Ports, x: readonly number[]): number[] {
  const inside = hidden.flatMap(({ layer, kind }) => {
    const own = layers[layer];
    if (!own) throw new RangeError('no such layer');
    const before = layer === 0 ? x : evaluateLayers(layers.slice(0, layer), x);
    const fed = layer === 0 ? before : before.map((value) => Math.max(0, value));
    const sums = affine(own, fed);
    if (kind === 'sum') return sums;
    return kind === 'active'
      ? sums.map((value) => Math.max(0, value))
      : sums.map((value, i) => value - (own.biases[i] ?? 0));
  });
  return [...inside, ...evaluateLayers(layers, x)];
}

export function drawPorts(draw: Draw, layers: readonly Layer[], inputs: number): Ports {
  const outputs = layers.at(-1)?.biases.length ?? 0;
  const parts = (size: number): number[] => {
    if (size < 2 || draw.chance(0.4)) return [size];
    const first = draw.integer(1, size - 1);
    return [first, size - first];
  };
  const hidden = Array.from({ length: draw.integer(0, 2) }, (): HiddenValue => {
    const layer = draw.integer(0, layers.length - 2);
    return { layer, kind: draw.pick(['product', 'sum', 'active']) };
  });
  const [inputSizes, outputSizes] = [parts(inputs), parts(outputs)];
  return { layers, inputSizes, outputSizes, hidden, batchless: draw.chance(0.2) };
}

/** Columns from … to of a layer's weights [from × to], and of its biases. */
function columnsOf({ weights, biases }: Layer, start: number, end: number): Layer {
  const width = biases.length;
  const rows = weights.length / width;
  const own = Array.from({ length: rows }, (_, i) =>
    weights.slice(i * width + start, i * width + end),
  );
  return {
    weights: Float32Array.from(own.flatMap((row) => Array.from(row))),
    biases: biases.slice(start, end),
  };
}

export function portedModel({ layers, inputSizes, outputSizes, batchless }: Ports): Uint8Array {
  const initializers: Record<string, Tensor> = {};
  const nodes: NodeSpec[] = [];
  const node = (op: string, inputs: string[], output: string, axis?: number): string => {
    const attributes = axis === undefined ? {} : { axis };
    nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  };
  const dense = (from: string, { weights, biases }: Layer, key: string, sum: string): string => {
    const shape = [weights.length / biases.length, biases.length];
    initializers[`w/${key}`] = floats(weights, shape);
    initializers[`b/${key}`] = floats(biases);
    return node('Add', [node('MatMul', [from, `w/${key}`], `product/${key}`), `b/${key}`], sum);
  };
  const names = inputSizes.map((_, k) => `x/${k}`);
  let value = names.length === 1 ? 'x/0' : node('Concat', names, 'x', batchless ? 0 : 1);
  layers.slice(0, -1).forEach((layer, i) => {
    value = node('Relu', [dense(value, layer, `${i}`, `sum/${i}`)], `active/${i}`);
  });
  const last = layers.at(-1);
  if (!last) throw new RangeError('a network without layers');
  let start = 0;
  const outputs = outputSizes.map((size, k) => {
    start += size;
    return dense(value, columnsOf(last, start - size, start), `last/${k}`, `y/${k}`);
  });
  const inputs = Object.fromEntries(
    inputSizes.map((size, k) => [`x/${k}`, batchless ? [size] : ['N', size]]),
  );
  return onnxFile({ opset: 17, inputs, outputs, nodes, initializers });
}
