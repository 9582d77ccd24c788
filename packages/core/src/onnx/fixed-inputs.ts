/** Inputs that are given once for all: they become constants of the file. */
import { create } from '@bufbuild/protobuf';
import { type GraphProto, TensorProtoSchema } from 'onnx-buf';
import type { Tensor } from '../tensor/tensor.ts';
import { elementTypeCodes } from './element-types.ts';
import { ModelError } from './model-error.ts';
import { hostTypeOf, portOf } from './ports.ts';
import { rawBytes } from './raw-values.ts';

/** Makes constants of the named inputs; says whether there were any. Throws ModelError. */
export function fixInputs(graph: GraphProto, values: Readonly<Record<string, Tensor>>): boolean {
  for (const [name, value] of Object.entries(values)) {
    const info = graph.input.find((input) => input.name === name);
    if (!info) {
      const names = graph.input.map((input) => input.name).join(', ');
      throw new ModelError('invalid', `the model has no input ${name}; its inputs are ${names}`);
    }
    const port = portOf(info);
    if (hostTypeOf(port) !== value.type) {
      throw new ModelError('invalid', `the input ${name} takes ${port.type}, not ${value.type}`);
    }
    const fits =
      value.shape.length === port.shape.length &&
      port.shape.every((size, axis) => typeof size === 'string' || size === value.shape[axis]);
    if (!fits) {
      throw new ModelError(
        'invalid',
        `the input ${name} takes the shape [${port.shape.join(', ')}], not [${value.shape.join(', ')}]`,
      );
    }
    graph.input = graph.input.filter((input) => input !== info);
    graph.initializer.push(
      create(TensorProtoSchema, {
        name,
        dims: value.shape.map(BigInt),
        dataType: elementTypeCodes[value.type],
        rawData: rawBytes(value),
      }),
    );
  }
  return Object.keys(values).length > 0;
}
