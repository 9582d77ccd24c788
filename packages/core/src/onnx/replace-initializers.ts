/**
 * An ONNX file with other weights: everything else stays as it is (operators, opset, names, order,
 * interface), so that it is used wherever the first one was.
 */
import { TensorProto_DataLocation } from 'onnx-buf';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { elementTypeCodes, elementTypeName } from './element-types.ts';
import { embedExternalData, type ExternalFiles } from './external-data.ts';
import { ModelError } from './model-error.ts';
import { parse } from './parse.ts';
import { rawBytes } from './raw-values.ts';
import { modelBytes } from './serialise.ts';

/**
 * The file with the initialisers of these names replaced, in the element type they have there. Weights
 * kept in other files are put into it. Throws ModelError where there is no such initialiser, of that size,
 * in float32 or double precision.
 */
export function replaceInitializers(
  file: Uint8Array,
  values: ReadonlyMap<string, Tensor>,
  external?: ExternalFiles,
): Uint8Array<ArrayBuffer> {
  const proto = parse(file);
  if (external) embedExternalData(proto, external);
  const held = new Map(proto.graph?.initializer.map((each) => [each.name, each]));
  for (const [name, value] of values) {
    const own = held.get(name);
    const size = own?.dims.reduce((product, dim) => product * Number(dim), 1);
    if (!own || size !== sizeOf(value.shape)) {
      throw new ModelError('unsupported', `the file has no initializer ${name} of that size`);
    }
    own.rawData = rawBytes(inTypeOf(own.dataType, name, value));
    own.floatData = [];
    own.doubleData = [];
    if (own.dataLocation === TensorProto_DataLocation.EXTERNAL) {
      own.externalData = [];
      own.dataLocation = TensorProto_DataLocation.DEFAULT;
    }
  }
  return modelBytes(proto);
}

function inTypeOf(code: number, name: string, value: Tensor): Tensor {
  if (code === elementTypeCodes.float32) return value;
  if (code === elementTypeCodes.float64) {
    return tensor('float64', value.shape, Float64Array.from(value.data, Number));
  }
  throw new ModelError(
    'unsupported',
    `the initializer ${name} is ${elementTypeName(code)}, which cannot hold trained weights: export the model in float32`,
  );
}
