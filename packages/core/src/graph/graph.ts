/**
 * The intermediate representation: a list of nodes in topological order, each with one result.
 * A Graph is immutable; transforms read one and build another (see builder.ts). What a node means is
 * in the op table (ops/), whose families declare their attributes by augmenting OpAttributes.
 */
import type { DataType, Tensor } from '../tensor/tensor.ts';
import type { Shape } from './dimension.ts';

/** Attributes of every op, one key an op. Families add theirs: `declare module '../graph.ts'`. */
export interface OpAttributes {
  /** A value the caller feeds. */
  input: { readonly name: string };
  /** A value known beforehand. `parameter` marks what training may change. */
  constant: { readonly tensor: Tensor; readonly name?: string; readonly parameter?: boolean };
}

export type OpName = keyof OpAttributes;

export interface ValueType {
  readonly type: DataType;
  readonly shape: Shape;
}

interface NodeBase<K extends OpName> extends ValueType {
  /** Position in Graph.nodes. */
  readonly id: number;
  readonly op: K;
  readonly operands: readonly number[];
  readonly attributes: OpAttributes[K];
  /** Where the node comes from, for messages: the path in the file or the transform that made it. */
  readonly label: string;
}

export type NodeOf<K extends OpName> = { [P in K]: NodeBase<P> }[K];
export type Node = NodeOf<OpName>;

export interface Output {
  readonly name: string;
  readonly id: number;
}

export interface Graph {
  readonly nodes: readonly Node[];
  /** Ids of the `input` nodes in the order a caller lists them. */
  readonly inputs: readonly number[];
  readonly outputs: readonly Output[];
}

export function nodeAt(graph: Graph, id: number): Node {
  const node = graph.nodes[id];
  if (!node) throw new RangeError(`the graph has no node ${id}`);
  return node;
}

export function operandsOf(graph: Graph, node: Node): Node[] {
  return node.operands.map((id) => nodeAt(graph, id));
}

export function inputNamed(graph: Graph, name: string): NodeOf<'input'> {
  for (const id of graph.inputs) {
    const node = nodeAt(graph, id);
    if (node.op === 'input' && node.attributes.name === name) return node;
  }
  throw new RangeError(`the graph has no input named ${name}`);
}

export function inputNodes(graph: Graph): NodeOf<'input'>[] {
  return graph.inputs.map((id) => {
    const node = nodeAt(graph, id);
    if (node.op !== 'input') throw new RangeError(`node ${id} is not an input`);
    return node;
  });
}

export function outputNamed(graph: Graph, name: string): Node {
  const output = graph.outputs.find((candidate) => candidate.name === name);
  if (!output) throw new RangeError(`the graph has no output named ${name}`);
  return nodeAt(graph, output.id);
}

/** For each node, whether its value depends on any of the given nodes. */
export function dependents(graph: Graph, on: Iterable<number>): boolean[] {
  const depends = graph.nodes.map(() => false);
  for (const id of on) depends[id] = true;
  for (const node of graph.nodes) {
    if (node.operands.some((id) => depends[id])) depends[node.id] = true;
  }
  return depends;
}

/** For each node, whether any of the given nodes needs its value. */
export function ancestors(graph: Graph, of: Iterable<number>): boolean[] {
  const needed = graph.nodes.map(() => false);
  for (const id of of) needed[id] = true;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (needed[id]) for (const operand of nodeAt(graph, id).operands) needed[operand] = true;
  }
  return needed;
}

/** Values at least this large count as infinite: sums of them overflow float32. */
export const FINITE_LIMIT = 3e38;

/** Whether a node is a float32 constant with an element that is NaN, infinite or as good as. */
export function holdsNonFinite(node: Node): boolean {
  if (node.op !== 'constant' || node.type !== 'float32') return false;
  const { data } = node.attributes.tensor;
  if (!(data instanceof Float32Array)) return false;
  for (let i = 0; i < data.length; i++) {
    if (!(Math.abs(data[i] ?? 0) < FINITE_LIMIT)) return true;
  }
  return false;
}
