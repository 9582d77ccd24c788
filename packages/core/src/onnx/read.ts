/**
 * ONNX bytes → Model: the file's graph lowered into the IR, with one symbolic batch dimension in
 * front whatever the file says. Nothing is folded or fused. Files whose shapes do not allow a
 * symbolic batch are lowered for one sample and get an axis of samples in front of everything (`lifted`), or,
 * where an op forbids that, are run row by row (`batched` false).
 */
import type { ModelProto, ValueInfoProto } from 'onnx-buf';
import { Builder } from '../graph/builder.ts';
import {
  BATCH,
  type Dimension,
  elementCount,
  isSymbolic,
  printShape,
  type Shape,
} from '../graph/dimension.ts';
import { dependents, type Graph, type Node, nodeAt, type OpName } from '../graph/graph.ts';
import { ShapeError } from '../graph/ops/definition.ts';
import { definitionOf } from '../graph/ops/table.ts';
import { overSamples } from '../graph/sample-axis.ts';
import type { ClassLabels } from './class-labels.ts';
import { checkPorts, inputsOf } from './declared-inputs.ts';
import { parametersOf } from './element-types.ts';
import { isHost, type ReadValue } from './host-value.ts';
import { NodeLowering } from './lower-nodes.ts';
import { ModelError } from './model-error.ts';
import { parse } from './parse.ts';
import { carriedOf, countsSamples, type Port, portOf } from './ports.ts';
import { type Precision, precisionOf, roundsWeights } from './precision.ts';
import { type PrepareOptions, prepare } from './prepare.ts';
import { nodesOf, qualified } from './proto.ts';
import { openRandomness, type RandomInput } from './randomness.ts';
import { modelBytes } from './serialise.ts';

export interface Model {
  /**
   * The file itself, with external data and fixed inputs put in, inputs of another precision behind casts,
   * scores uncovered and randomness opened: what is judged by is always this.
   */
  readonly bytes: Uint8Array;
  /** Inputs and outputs have the batch dimension in front: symbolic, or 1 where `batched` is false. */
  readonly graph: Graph;
  /** Whether the graph runs any number of rows at once. */
  readonly batched: boolean;
  /** Whether only the graph does, and the file takes one at a time. */
  readonly lifted: boolean;
  /** Whether values inside have the axis of samples before all those that the file gives one sample. */
  readonly inFront: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Values inside that were asked for, in the shapes they have there; the graph gives them beside the outputs. */
  readonly hidden: readonly Port[];
  /** Whether the file's own first axis counts samples (else a sample is the whole tensor). */
  readonly batchAxis: boolean;
  /** What the file computes in; the graph is float32 in any case. */
  readonly precision: Precision;
  /** Whether double weights were rounded to float32: the graph is then nearly the file's network. */
  readonly rounded: boolean;
  /** Inputs that stand for the random numbers the file draws. */
  readonly random: readonly RandomInput[];
  /** What was done to the file, for people. */
  readonly notes: readonly string[];
  /** What the columns of an output are called, where the file says it. */
  readonly classLabels: ReadonlyMap<string, ClassLabels>;
  /** Number of elements of all initialisers. */
  readonly parameters: number;
  /** How often each operator occurs, in the file's words. */
  readonly operators: ReadonlyMap<string, number>;
}

interface Reading {
  readonly proto: ModelProto;
  readonly inputs: readonly Port[];
  readonly batchAxis: boolean;
  /** Outputs that are values inside. */
  readonly hidden: ReadonlySet<string>;
}

interface Lowered {
  readonly graph: Graph;
  /** The shapes that outputs have inside. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly random: readonly RandomInput[];
}

function lower(reading: Reading, batch: Dimension): Lowered {
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

export interface ReadOptions extends PrepareOptions {
  /** Lower for one sample at a time, whatever the shapes allow. */
  readonly rowByRow?: boolean;
}

/** Reads a model. Throws ModelError: `invalid` for broken files, `unsupported` for the rest. */
export function readModel(file: Uint8Array, options: ReadOptions = {}): Model {
  const proto = parse(file);
  const { changed, notes, classLabels, hidden } = prepare(proto, options);
  const known = { random: [], notes, classLabels, hidden: hidden.map((name) => ({ name })) };
  return readPrepared(proto, changed ? null : file, known, options.rowByRow ?? false);
}

/**
 * The same model over other bytes (the same file with something put before it), or lowered for one
 * sample at a time: what was done to the file is not done again. Throws ModelError.
 */
export function readAgain(
  model: Model,
  { bytes = model.bytes, rowByRow = false }: { bytes?: Uint8Array; rowByRow?: boolean } = {},
): Model {
  return readPrepared(parse(bytes), bytes, model, rowByRow);
}

interface Known extends Pick<Model, 'random' | 'notes' | 'classLabels'> {
  readonly hidden: readonly Pick<Port, 'name'>[];
}

/** `file`: the bytes of the proto, where they are known; `known`: what was found out about it before. */
function readPrepared(
  proto: ModelProto,
  file: Uint8Array | null,
  known: Known,
  rowByRow: boolean,
): Model {
  const inputs = inputsOf(proto);
  checkPorts(proto, inputs);
  const precision = precisionOf(proto);
  const hidden = new Set(known.hidden.map(({ name }) => name));
  const reading: Reading = { proto, inputs, batchAxis: inputs.every(countsSamples), hidden };
  const { graph, shapes, random, ...samples } = lowered(reading, rowByRow);
  const counts = new Map<string, number>();
  for (const node of nodesOf(proto)) {
    counts.set(qualified(node), (counts.get(qualified(node)) ?? 0) + 1);
  }
  if (random.length > 0 && proto.graph) openRandomness(proto.graph, random);
  return {
    bytes: file && random.length === 0 ? file : modelBytes(proto),
    graph,
    ...samples,
    inputs: inputsOf(proto),
    ...portsOf(proto, { graph, shapes }, precision, hidden),
    batchAxis: reading.batchAxis,
    precision,
    rounded: precision === 'float64' && roundsWeights(proto),
    random: [...known.random, ...random],
    notes: known.notes,
    classLabels: known.classLabels,
    parameters: (proto.graph?.initializer ?? []).reduce((sum, each) => sum + parametersOf(each), 0),
    operators: counts,
  };
}

/** Outputs that are read, and values inside; what the file does not declare is known from the graph. */
function portsOf(
  proto: ModelProto,
  { graph, shapes }: Pick<Lowered, 'graph' | 'shapes'>,
  precision: Precision,
  hidden: ReadonlySet<string>,
): Pick<Model, 'outputs' | 'hidden'> {
  const type = precision === 'float64' ? 'float64' : 'float32';
  const ports = graph.outputs.map(({ name }): Port => {
    const info = proto.graph?.output.find((output) => output.name === name);
    const port = info?.type ? portOf(info) : { name, type, shape: [] };
    const isKnown = port.shape.length > 0 && !hidden.has(name);
    return isKnown ? port : { ...port, shape: shapes.get(name) ?? [] };
  });
  return {
    outputs: ports.filter(({ name }) => !hidden.has(name)),
    hidden: ports.filter(({ name }) => hidden.has(name)),
  };
}

/** undefined where shapes forbid it. */
function fitting<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return undefined;
  }
}

/** Whether samples are counted by the first axis of everything that depends on them: bounds know no other. */
function leads(graph: Graph): boolean {
  const varies = dependents(graph, graph.inputs);
  return graph.nodes.every(({ id, shape: [first] }) => !varies[id] || first === BATCH);
}

function lift(graph: Graph): Graph {
  const b = new Builder();
  return b.graph(overSamples(b, graph, BATCH));
}

interface Sampled extends Lowered {
  readonly batched: boolean;
  readonly lifted: boolean;
  readonly inFront: boolean;
}

/** By the file's own axis of samples, by one in front of everything that it does with one sample, or row by row. */
function lowered(reading: Reading, rowByRow: boolean): Sampled {
  const isOpen = reading.batchAxis && !rowByRow;
  const own = isOpen ? fitting(() => lower(reading, BATCH)) : undefined;
  const together = own && { ...own, batched: true, lifted: false, inFront: false };
  if (together && leads(together.graph)) return together;
  try {
    const single = lower(reading, 1);
    const graph = rowByRow ? undefined : fitting(() => lift(single.graph));
    // A file that moves its samples behind other axes takes many all the same.
    if (graph) return { ...single, ...own, graph, batched: true, lifted: !own, inFront: true };
    return together ?? { ...single, batched: false, lifted: false, inFront: false };
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new ModelError(
      'invalid',
      `the model's shapes contradict each other, or are used as is not supported: ${cause.message}`,
      { cause },
    );
  }
}
