/** The nodes of a file lowered into the IR, with a batch in front of what comes in and goes out. */
import type { ModelProto, ValueInfoProto } from 'onnx-buf';
import { Builder } from '../graph/builder.ts';
import {
  type Dimension,
  elementCount,
  isSymbolic,
  printShape,
  type Shape,
} from '../graph/dimension.ts';
import { type Graph, type Node, nodeAt, type OpName } from '../graph/graph.ts';
import { ShapeError } from '../graph/ops/definition.ts';
import { definitionOf } from '../graph/ops/table.ts';
import { isHost, type ReadValue } from './host-value.ts';
import { NodeLowering } from './lower-nodes.ts';
import { ModelError } from './model-error.ts';
import { carriedOf, type Port } from './ports.ts';
import type { RandomInput } from './randomness.ts';

export interface Reading {
  readonly proto: ModelProto;
  readonly inputs: readonly Port[];
  readonly batchAxis: boolean;
  /** Outputs that are values inside. */
  readonly hidden: ReadonlySet<string>;
}

export interface Lowered {
  readonly graph: Graph;
  /** The shapes that outputs have inside. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly random: readonly RandomInput[];
}

/** Throws ShapeError where the file does not allow that batch, and ModelError. */
export function lower(reading: Reading, batch: Dimension): Lowered {
  const b = new Builder();
  const { proto, inputs, batchAxis } = reading;
  const values = new Map<string, ReadValue>();
  const fed = (name: string, shape: Shape): Node =>
    batchAxis ? b.input(name, shape) : b.reshape(b.input(name, [batch, ...shape]), shape);
  for (const { name, shape } of inputs) {
    values.set(name, fed(name, batchAxis ? [batch, ...shape.slice(1)] : shape));
  }
  const random: RandomInput[] = [];
  const nodes = new NodeLowering(b, proto, (name, distribution, shape) => {
    if (batchAxis && shape[0] !== batch) {
      throw new ShapeError('random numbers are shared by the samples of a batch');
    }
    const declared = batchAxis ? [inputs[0]?.shape[0] ?? 1, ...shape.slice(1)] : shape;
    random.push({ name, ...distribution, shape: declared });
    return fed(name, shape);
  });
  const carried = new Map(inputs.map((port) => [port.name, carriedOf(port)] as const));
  const { absent, kinds, skipped } = nodes.main(proto, values, carried);
  const read = (proto.graph?.output ?? []).filter(({ name }) => !absent.has(name));
  // Beside scores, labels and positions are no outputs to look at.
  const isReal = ({ name }: ValueInfoProto): boolean => (kinds.get(name) ?? 'real') === 'real';
  const own = read.filter(({ name }) => !reading.hidden.has(name));
  const inside = read.filter((info) => {
    const value = values.get(info.name);
    const isNumber = value && !isHost(value) && value.type === 'float32' && isReal(info);
    return reading.hidden.has(info.name) && isNumber;
  });
  const scores = own.filter(isReal);
  const wanted = scores.length > 0 ? scores : own;
  if (wanted.length === 0) {
    throw new ModelError('unsupported', noScores(skipped));
  }
  const shapes = new Map<string, Shape>();
  const outputs = [...wanted, ...inside].map((info) => {
    const value = values.get(info.name);
    if (!value) throw new ModelError('invalid', `nothing computes the output ${info.name}`);
    if (isHost(value)) throw new ShapeError(`the output ${info.name} is a shape, not a score`);
    shapes.set(info.name, value.shape);
    const isFree = batch === 1 && reading.hidden.has(info.name);
    const result = isFree
      ? b.reshape(value, [1, elementCount(value.shape)])
      : batchFirst(b, info.name, value, batch, batchAxis);
    const taken = [...reading.inputs, ...random].some(({ name }) => name === info.name);
    if (taken && result.op !== 'input') {
      throw new ModelError(
        'unsupported',
        `the output ${info.name} is the input of that name, in another shape: remove it`,
      );
    }
    return [info.name, result] as const;
  });
  const graph = b.graph(Object.fromEntries(outputs));
  if (isSymbolic(batch)) expectSamplesApart(graph, batch);
  return { graph, shapes, random };
}

function noScores(skipped: string | undefined): string {
  return skipped === undefined
    ? 'every output is a label or a position; scores are needed: give the model an output of them'
    : `${skipped}, which is a label or a position made of the input, and no output is read without it: give the model an output of scores before that`;
}

/** What multiplies samples with each other is one sample's own business only row by row. */
function expectSamplesApart(graph: Graph, batch: Dimension): void {
  for (const node of graph.nodes) {
    if (node.shape.filter((size) => size === batch).length > 1) {
      throw new ShapeError(`${node.label || node.op} has the batch on two axes`);
    }
    const operands = node.operands.map((id) => nodeAt(graph, id));
    if (alongOf(node).some((axis) => isSymbolic(operands[0]?.shape[axis] ?? 1))) {
      throw new ShapeError(`${node.label || node.op} makes something of the samples of a batch`);
    }
    // A sum of products that is as long as the batch says so itself.
    definitionOf<OpName>(node.op).terms?.(node, operands);
  }
}

/** Axes along which a node's elements meet. */
function alongOf({ op, attributes }: Node): readonly number[] {
  if (definitionOf(op).kind === 'structural') return [];
  if ('axes' in attributes) return attributes.axes;
  return 'axis' in attributes ? [attributes.axis] : [];
}

/** A sample's result is one row: [batch, …]. */
function batchFirst(
  b: Builder,
  name: string,
  value: Node,
  batch: Dimension,
  batchAxis: boolean,
): Node {
  if (!batchAxis) return b.reshape(value, [batch, elementCount(value.shape)]);
  if (value.shape[0] === batch) return value;
  if (elementCount(value.shape) === batch) return b.reshape(value, [batch, 1]);
  if (isSymbolic(batch)) throw new ShapeError(`the output ${name} does not begin with the batch`);
  throw new ModelError(
    'unsupported',
    `the output ${name} has the shape ${printShape(value.shape)} for one sample, and one that begins with 1, a row for each sample, is supported: transpose or flatten it`,
  );
}
