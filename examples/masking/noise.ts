/** ONNX files whose noise is drawn by the file itself: an input of a graph becomes a RandomNormalLike node. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Graph, writeModel } from '@glacis/core';
import { ModelProtoSchema, NodeProtoSchema } from 'onnx-buf';

/** The file of a graph; where it has an input `name`, that is standard normal noise shaped like the first input. */
export function drawing(graph: Graph, name: string): Uint8Array {
  const model = fromBinary(ModelProtoSchema, writeModel(graph));
  const inner = model.graph;
  const first = inner?.input[0]?.name;
  const at = inner?.input.findIndex((input) => input.name === name) ?? -1;
  if (!inner || first === undefined || at < 0) return writeModel(graph);
  inner.input.splice(at, 1);
  const draw = { opType: 'RandomNormalLike', name: 'draw', input: [first], output: [name] };
  inner.node.unshift(create(NodeProtoSchema, draw));
  return toBinary(ModelProtoSchema, model);
}
