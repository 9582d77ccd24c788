/**
 * Values inside a file as further outputs of it: the nodes stay as they are, only the list of outputs grows, so that
 * ONNX Runtime says of the file itself what they are.
 */
import { clone, create } from '@bufbuild/protobuf';
import { type GraphProto, ValueInfoProtoSchema } from 'onnx-buf';

/** Adds those of the named values to the graph's outputs that a node of it gives and that are none yet, and names them. */
export function exposeValues(graph: GraphProto, names: readonly string[]): string[] {
  const given = new Set(graph.node.flatMap(({ output }) => output));
  const outputs = new Set(graph.output.map(({ name }) => name));
  const added = [...new Set(names)].filter((name) => given.has(name) && !outputs.has(name));
  for (const name of added) {
    const declared = graph.valueInfo.find((info) => info.name === name);
    // Without a type, the runtime infers it.
    graph.output.push(
      declared ? clone(ValueInfoProtoSchema, declared) : create(ValueInfoProtoSchema, { name }),
    );
  }
  return added;
}
