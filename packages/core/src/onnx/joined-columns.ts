/** A file's outputs of one number a row put side by side, as one output [rows, outputs]. */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { integers } from '../tensor/tensor.ts';
import { elementTypeCodes } from './element-types.ts';
import { parse } from './parse.ts';
import { importStandard } from './proto.ts';
import { rawBytes } from './raw-values.ts';
import { modelBytes } from './serialise.ts';

/** The file whose one output `joined` holds the named outputs, a column each, in this order. */
export function withColumns(
  bytes: Uint8Array,
  names: readonly string[],
  joined: string,
): Uint8Array<ArrayBuffer> {
  const proto = parse(bytes);
  const { graph } = proto;
  if (!graph) throw new RangeError('the file has no graph');
  importStandard(proto);
  const sizes = `${joined}/sizes`;
  const columns = names.map((name) => `${joined}/${name}`);
  const reshaped = names.map((name, i) => node('Reshape', [name, sizes], columns[i] ?? ''));
  const concat = node('Concat', columns, joined);
  concat.attribute = [
    create(AttributeProtoSchema, { name: 'axis', type: AttributeType.INT, i: 1n }),
  ];
  graph.node.push(...reshaped, concat);
  const rawData = rawBytes(integers([-1, 1]));
  graph.initializer.push(
    create(TensorProtoSchema, {
      name: sizes,
      dims: [2n],
      dataType: elementTypeCodes.int64,
      rawData,
    }),
  );
  graph.output = [create(ValueInfoProtoSchema, { name: joined })];
  return modelBytes(proto);
}

const node = (opType: string, input: string[], output: string): NodeProto =>
  create(NodeProtoSchema, { name: `${output}/${opType}`, opType, input, output: [output] });
