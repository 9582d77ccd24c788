/** What the parts of an ONNX file are called, and the walk over all of them. */
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  TensorProto,
} from 'onnx-buf';
import { ModelError } from './model-error.ts';

const MAX_SUPPORTED_OPSET = 23;
const MIN_SUPPORTED_OPSET = 7;

export function isMainDomain({ domain }: { readonly domain: string }): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/**
 * The version of the standard's operators. Throws ModelError where it is none that can be read. A file
 * of other domains' operators alone (XGBoost's trees) need not name one.
 */
export function opsetOf(imports: readonly OperatorSetIdProto[]): number {
  const named = imports.find(isMainDomain);
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

/** `op name` (or the name of what it writes), for messages. */
export function describe(node: NodeProto): string {
  const name = node.name === '' ? (node.output[0] ?? '') : node.name;
  return `${node.opType} ${name}`.trim();
}

export function qualified(node: NodeProto): string {
  return isMainDomain(node) ? node.opType : `${node.domain}.${node.opType}`;
}

/** What a node and the function it calls have in common. */
export function functionKey(node: NodeProto): string {
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

/** Every node of the file: of its graph, of the branches in it, of its functions (each once). */
export function* nodesOf(proto: ModelProto): Generator<NodeProto> {
  yield* nestedNodes(proto.graph?.node ?? []);
  for (const { node } of proto.functions) yield* nestedNodes(node);
}

/** Every tensor of the file: initialisers, those of branches, and those in attributes. */
export function* tensorsOf(proto: ModelProto): Generator<TensorProto> {
  yield* proto.graph?.initializer ?? [];
  for (const { attribute } of nodesOf(proto)) {
    for (const held of attribute) {
      if (held.t) yield held.t;
      yield* held.tensors;
      for (const graph of graphsIn(held)) yield* graph.initializer;
    }
  }
}
