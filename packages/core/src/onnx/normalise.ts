/**
 * Normalisation as part of the model: an ONNX file with (x − mean) / std in front of its input. The
 * rest of the file stays as it is, so the judge is the original file on normalised data, and ε keeps
 * the units of the user's own inputs.
 */
import { create, fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from 'onnx-buf';
import { floats } from '../tensor/tensor.ts';
import { elementTypeCodes } from './element-types.ts';
import { ModelError } from './model-error.ts';
import { importStandard, renameValue } from './proto.ts';
import { rawBytes } from './raw-values.ts';
import type { Model } from './read.ts';
import { modelBytes } from './serialise.ts';

export interface Normalisation {
  /** One number, or one per channel (or feature). */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * The bytes of a model that normalises its input `name` first (its first, when absent). Throws ModelError
 * and RangeError.
 */
export function normaliseInput(
  model: Model,
  { mean, std }: Normalisation,
  name = model.inputs[0]?.name,
): Uint8Array<ArrayBuffer> {
  const port = model.inputs.find((input) => input.name === name);
  if (port?.type !== 'float32') {
    throw new ModelError('unsupported', 'mean and std need an input of float32 values');
  }
  if (std.some((value) => !(value > 0) || !Number.isFinite(value))) {
    throw new RangeError('std must be positive numbers');
  }
  if (!mean.every(Number.isFinite)) throw new RangeError('mean must be finite numbers');
  const proto = fromBinary(ModelProtoSchema, model.bytes);
  const graph = proto.graph;
  if (!graph) throw new ModelError('invalid', 'this is not an ONNX file: it holds no graph');
  const [centred, scaled] = [`${port.name}/centred`, `${port.name}/normalised`];
  renameValue(graph, port.name, scaled);
  const constant = (called: string, values: readonly number[]): void => {
    const shape = broadcastShape(port.shape, values.length);
    const value = floats(values, shape);
    graph.initializer.push(
      create(TensorProtoSchema, {
        name: called,
        dims: shape.map(BigInt),
        dataType: elementTypeCodes.float32,
        rawData: rawBytes(value),
      }),
    );
  };
  const [meanName, stdName] = [`${port.name}/mean`, `${port.name}/std`];
  constant(meanName, mean);
  constant(stdName, std);
  const step = (opType: string, input: readonly string[], output: string) =>
    create(NodeProtoSchema, { name: output, opType, input: [...input], output: [output] });
  graph.node.unshift(
    step('Sub', [port.name, meanName], centred),
    step('Div', [centred, stdName], scaled),
  );
  importStandard(proto);
  return modelBytes(proto);
}

/** Channels come after the batch ([N, C, H, W]), else last ([N, H, W, C], [N, features]). */
function broadcastShape(shape: Model['inputs'][number]['shape'], count: number): number[] {
  if (count === 1) return [1];
  const rank = shape.length;
  const axis = rank >= 3 && shape[1] === count ? 1 : rank - 1;
  if (shape[axis] !== count) {
    throw new RangeError(
      `mean and std have ${count} numbers, but the input's shape [${shape.join(', ')}] has no axis of channels or features of that size`,
    );
  }
  return [count, ...Array<number>(rank - 1 - axis).fill(1)];
}
