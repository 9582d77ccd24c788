/**
 * Files that compute in float16. Glacis computes with the same weights in float32, searches so and
 * proves over the reals; what judges is the file's own arithmetic, behind casts of its inputs and outputs.
 */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  type ValueInfoProto,
} from 'onnx-buf';
import { elementTypeCodes, FLOAT16 } from './element-types.ts';
import { nestedNodes, nodesOf, tensorsOf } from './proto.ts';

/** What a file computes in, at least in part. */
export type Precision = 'float16' | 'float32';

const elementTypeOf = ({ type }: ValueInfoProto): number | undefined =>
  type?.value.case === 'tensorType' ? type.value.value.elemType : undefined;

const castsToHalf = ({ opType, attribute }: NodeProto): boolean =>
  opType === 'Cast' && attribute.some(({ name, i }) => name === 'to' && Number(i) === FLOAT16);

export function precisionOf(proto: ModelProto): Precision {
  const ports = [...(proto.graph?.input ?? []), ...(proto.graph?.output ?? [])];
  if (ports.some((port) => elementTypeOf(port) === FLOAT16)) return 'float16';
  for (const { dataType } of tensorsOf(proto)) if (dataType === FLOAT16) return 'float16';
  for (const node of nodesOf(proto)) if (castsToHalf(node)) return 'float16';
  return 'float32';
}

function cast(from: string, to: string, code: number): NodeProto {
  return create(NodeProtoSchema, {
    name: `${to}/cast`,
    opType: 'Cast',
    input: [from],
    output: [to],
    attribute: [
      create(AttributeProtoSchema, { name: 'to', type: AttributeType.INT, i: BigInt(code) }),
    ],
  });
}

function renamed(graph: GraphProto, from: string, to: string): void {
  const exchange = (names: readonly string[]): string[] =>
    names.map((name) => (name === from ? to : name));
  for (const node of nestedNodes(graph.node)) {
    node.input = exchange(node.input);
    node.output = exchange(node.output);
  }
  graph.valueInfo = graph.valueInfo.filter(({ name }) => name !== from);
}

/** Makes float16 inputs and outputs of the graph float32 ones; says whether there were any. */
export function widenPorts(graph: GraphProto): boolean {
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const isHalf = (port: ValueInfoProto): boolean => elementTypeOf(port) === FLOAT16;
  const inputs = graph.input.filter((port) => isHalf(port) && !constants.has(port.name));
  const outputs = graph.output.filter(isHalf);
  for (const port of [...inputs, ...outputs]) {
    if (port.type?.value.case === 'tensorType') {
      port.type.value.value.elemType = elementTypeCodes.float32;
    }
    renamed(graph, port.name, `${port.name}/float16`);
  }
  graph.node.unshift(...inputs.map(({ name }) => cast(name, `${name}/float16`, FLOAT16)));
  graph.node.push(
    ...outputs.map(({ name }) => cast(`${name}/float16`, name, elementTypeCodes.float32)),
  );
  return inputs.length + outputs.length > 0;
}
