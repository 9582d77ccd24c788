/**
 * Preprocessing as part of the model: another ONNX file put in front of one input. What is perturbed is then
 * the input of that file, so ε keeps the units of the user's own inputs, and the judge runs both.
 */
import { type AttributeProto, type GraphProto, type ModelProto, type NodeProto } from 'onnx-buf';
import { ModelError } from './model-error.ts';
import { parse } from './parse.ts';
import { functionKey, functionsOf, isMainDomain, opsetOf, renameValue } from './proto.ts';
import type { Model } from './read.ts';
import { modelBytes } from './serialise.ts';

/** Values of the preprocessing are called so: nothing in the model has such a name. */
const PREFIX = 'preprocess/';

function prefixed(name: string): string {
  return name === '' ? '' : PREFIX + name;
}

function prefixGraph(graph: GraphProto): void {
  prefixNodes(graph.node);
  for (const value of [...graph.input, ...graph.output, ...graph.initializer]) {
    value.name = prefixed(value.name);
  }
  graph.valueInfo = [];
}

function prefixNodes(nodes: readonly NodeProto[]): void {
  for (const node of nodes) {
    node.name = prefixed(node.name);
    node.input = node.input.map(prefixed);
    node.output = node.output.map(prefixed);
    for (const { g, graphs } of node.attribute as readonly AttributeProto[]) {
      for (const inner of g ? [g, ...graphs] : graphs) prefixGraph(inner);
    }
  }
}

/** Both files must mean the same by an operator's name. */
function checkOperatorSets(model: ModelProto, before: ModelProto): void {
  const [own, other] = [opsetOf(model.opsetImport), opsetOf(before.opsetImport)];
  if (own !== other) {
    throw new ModelError(
      'unsupported',
      `it uses opset ${other} and the model opset ${own}: convert one of them with onnx.version_converter`,
    );
  }
  for (const set of before.opsetImport) {
    const same = model.opsetImport.find(({ domain }) => domain === set.domain);
    if (!same && !isMainDomain(set)) model.opsetImport.push(set);
  }
  const functions = functionsOf(model);
  for (const own of before.functions) {
    const key = functionKey({ domain: own.domain, opType: own.name, overload: own.overload });
    if (functions.has(key)) {
      throw new ModelError('unsupported', `both files have a function ${own.name}`);
    }
    model.functions.push(own);
  }
}

/**
 * The bytes of a model whose input `name` is computed by another model. Throws ModelError where that has
 * not one input and one output.
 */
export function preprocessInput(
  model: Model,
  before: Model,
  name: string,
): Uint8Array<ArrayBuffer> {
  const [proto, first] = [parse(model.bytes), parse(before.bytes)];
  const [graph, added] = [proto.graph, first.graph];
  const [source, ...otherInputs] = before.inputs;
  const [result, ...otherOutputs] = before.outputs;
  if (!graph || !added || !source || !result || otherInputs.length + otherOutputs.length > 0) {
    throw new ModelError(
      'unsupported',
      `it has ${before.inputs.length} inputs and ${before.outputs.length} outputs; preprocessing has one of each`,
    );
  }
  checkOperatorSets(proto, first);
  prefixGraph(added);
  renameValue(graph, name, prefixed(result.name));
  const declared = added.input.find((input) => input.name === prefixed(source.name));
  if (!declared) throw new RangeError('the input of the preprocessing is missing');
  renameValue(added, declared.name, name);
  graph.input = graph.input.map((input) => (input.name === name ? declared : input));
  declared.name = name;
  graph.node.unshift(...added.node);
  graph.initializer.push(...added.initializer);
  return modelBytes(proto);
}
