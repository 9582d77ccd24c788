/**
 * Files that compute in float16 or in double precision. Glacis computes with the same weights in float32;
 * what judges is the file's own arithmetic, behind casts of its inputs (and of float16 outputs). A file
 * in float16 is proven over the reals only; one whose double weights float32 cannot hold, not at all.
 */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { doublesOf, elementTypeCodes, elementTypeName, FLOAT16 } from './element-types.ts';
import { elementTypeOf } from './ports.ts';
import { namedTensorsOf, nodesOf, renameValue, tensorsOf } from './proto.ts';

/** What a file computes in, at least in part. */
export type Precision = 'float16' | 'float32' | 'float64';

const DOUBLE = elementTypeCodes.float64;

const castsTo = ({ opType, attribute }: NodeProto, code: number): boolean =>
  opType === 'Cast' && attribute.some(({ name, i }) => name === 'to' && Number(i) === code);

export function precisionOf(proto: ModelProto): Precision {
  const ports = [...(proto.graph?.input ?? []), ...(proto.graph?.output ?? [])];
  if (ports.some((port) => elementTypeOf(port) === FLOAT16)) return 'float16';
  for (const { dataType } of tensorsOf(proto)) if (dataType === FLOAT16) return 'float16';
  for (const node of nodesOf(proto)) if (castsTo(node, FLOAT16)) return 'float16';
  const isDouble = ports.some((port) => elementTypeOf(port) === DOUBLE);
  return isDouble || roundsWeights(proto) ? 'float64' : 'float32';
}

/**
 * Whether the file computes with double constants that float32 cannot hold: what is read is then another
 * network by that rounding. One that is only cast to float32 is rounded by the file itself.
 */
export function roundsWeights(proto: ModelProto): boolean {
  const kept = new Set<string>();
  const inexact = (tensor: TensorProto): boolean =>
    tensor.dataType === DOUBLE && doublesOf(tensor).some((value) => Math.fround(value) !== value);
  const nodes = [...nodesOf(proto)];
  for (const node of nodes) {
    if (!castsTo(node, elementTypeCodes.float32)) for (const name of node.input) kept.add(name);
  }
  for (const [name, tensor] of namedTensorsOf(proto)) {
    if (kept.has(name) && inexact(tensor)) return true;
  }
  return false;
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

/**
 * Makes float16 and double inputs, and float16 outputs, of the graph float32 ones; says whether there
 * were any. Double outputs stay: as float32 numbers, scores that differ could tie.
 */
export function widenPorts(graph: GraphProto): boolean {
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const wide = (port: ValueInfoProto): boolean =>
    elementTypeOf(port) === FLOAT16 || elementTypeOf(port) === DOUBLE;
  const inputs = graph.input.filter((port) => wide(port) && !constants.has(port.name));
  const outputs = graph.output.filter((port) => elementTypeOf(port) === FLOAT16);
  const before = inputs.map((port) => {
    const inner = retyped(graph, port);
    return cast(port.name, inner.name, inner.code);
  });
  const after = outputs.map((port) =>
    cast(retyped(graph, port).name, port.name, elementTypeCodes.float32),
  );
  graph.node.unshift(...before);
  graph.node.push(...after);
  return inputs.length + outputs.length > 0;
}

/** Declares a port as float32; gives what it was, under the name that the graph's nodes now use. */
function retyped(graph: GraphProto, port: ValueInfoProto): { name: string; code: number } {
  const code = elementTypeOf(port) ?? FLOAT16;
  const name = `${port.name}/${elementTypeName(code)}`;
  if (port.type?.value.case === 'tensorType') {
    port.type.value.value.elemType = elementTypeCodes.float32;
  }
  renameValue(graph, port.name, name);
  return { name, code };
}
