/** What the parts of an ONNX file are called, and the walk over all of them. */
import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
  OperatorSetIdProtoSchema,
  type TensorProto,
} from 'onnx-buf';
import { ModelError } from './model-error.ts';

export const MAX_SUPPORTED_OPSET = 23;
export const MIN_SUPPORTED_OPSET = 7;
/** For a file that says nothing. */
const STANDARD = 13n;

export function isMainDomain({ domain }: { readonly domain: string }): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/**
 * The version of the standard's operators. Throws ModelError where it is none that can be read. A file
 * of other domains' operators alone (XGBoost's trees) need not name one.
 */
export function opsetOf(imports: readonly OperatorSetIdProto[]): number {
  const [named, ...others] = imports.filter(isMainDomain);
  if (others.some(({ version }) => version !== named?.version)) {
    throw new ModelError('invalid', 'the file names two opsets of the standard operators');
  }
  if (!named && imports.length > 0) return MAX_SUPPORTED_OPSET;
  const opset = Number(named?.version ?? 1n);
  if (opset < MIN_SUPPORTED_OPSET || opset > MAX_SUPPORTED_OPSET) {
    throw new ModelError(
      'unsupported',
      `the file uses opset ${opset}; opsets ${MIN_SUPPORTED_OPSET} to ${MAX_SUPPORTED_OPSET} are supported: convert it with onnx.version_converter`,
    );
  }
  return opset;
}

/** Names the standard's operators where a file of other domains' alone does not: nodes are added to it. */
export function importStandard(proto: ModelProto): void {
  if (proto.opsetImport.some(isMainDomain)) return;
  const standard = create(OperatorSetIdProtoSchema, { domain: '', version: STANDARD });
  proto.opsetImport.push(standard);
}

/** `op name` (or the name of what it writes), for messages. */
export function describe(node: NodeProto): string {
  const name = node.name === '' ? (node.output[0] ?? '') : node.name;
  return `${node.opType} ${name}`.trim();
}

export function qualified(node: NodeProto): string {
  return isMainDomain(node) ? node.opType : `${node.domain}.${node.opType}`;
}

/** What a node and the function it calls have in common. */
export function functionKey(node: Pick<NodeProto, 'domain' | 'opType' | 'overload'>): string {
  return `${node.domain}/${node.opType}/${node.overload}`;
}

/** The file's own functions by key. */
export function functionsOf(proto: ModelProto): ReadonlyMap<string, FunctionProto> {
  return new Map(
    proto.functions.map((own) => [`${own.domain}/${own.name}/${own.overload}`, own] as const),
  );
}

const graphsIn = ({ g, graphs }: AttributeProto): readonly GraphProto[] =>
  g ? [g, ...graphs] : graphs;

/** Nodes with those of the graphs they hold (branches). */
export function* nestedNodes(nodes: readonly NodeProto[]): Generator<NodeProto> {
  for (const node of nodes) {
    yield node;
    for (const graph of node.attribute.flatMap(graphsIn)) yield* nestedNodes(graph.node);
  }
}

/** Gives a value of the graph another name wherever its nodes use or make it. */
export function renameValue(graph: GraphProto, from: string, to: string): void {
  const exchange = (names: readonly string[]): string[] =>
    names.map((name) => (name === from ? to : name));
  for (const node of nestedNodes(graph.node)) {
    node.input = exchange(node.input);
    node.output = exchange(node.output);
  }
  graph.valueInfo = graph.valueInfo.filter(({ name }) => name !== from);
}

/** Every node of the file: of its graph, of the branches in it, of its functions (each once). */
export function* nodesOf(proto: ModelProto): Generator<NodeProto> {
  yield* nestedNodes(proto.graph?.node ?? []);
  for (const { node } of proto.functions) yield* nestedNodes(node);
}

/** Every tensor of the file with the name of its value: initialisers, also of branches, and attributes. */
export function* namedTensorsOf(proto: ModelProto): Generator<readonly [string, TensorProto]> {
  const named = (tensor: TensorProto) => [tensor.name, tensor] as const;
  yield* (proto.graph?.initializer ?? []).map(named);
  for (const { attribute, output } of nodesOf(proto)) {
    for (const held of attribute) {
      if (held.t) yield [output[0] ?? '', held.t];
      for (const tensor of held.tensors) yield [output[0] ?? '', tensor];
      for (const graph of graphsIn(held)) yield* graph.initializer.map(named);
    }
  }
}

export function* tensorsOf(proto: ModelProto): Generator<TensorProto> {
  for (const [, tensor] of namedTensorsOf(proto)) yield tensor;
}
