/**
 * ONNX bytes → Model: the file's graph lowered into the IR, with one symbolic batch dimension in
 * front whatever the file says. Nothing is folded or fused. Files whose shapes do not allow a
 * symbolic batch are lowered for one sample (`batched` false) and run row by row.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema, type ValueInfoProto } from 'onnx-buf';
import { Builder } from '../graph/builder.ts';
import { BATCH, type Dimension, elementCount, isSymbolic, type Shape } from '../graph/dimension.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { ShapeError } from '../graph/ops/definition.ts';
import type { DataType } from '../tensor/tensor.ts';
import { elementTypeName, parametersOf } from './element-types.ts';
import { embedExternalData, type ExternalFiles } from './external-data.ts';
import { isHost, type ReadValue } from './host-value.ts';
import { NodeLowering } from './lower-nodes.ts';
import { shapeFault } from './limits.ts';
import { ModelError } from './model-error.ts';
import { operators } from './operators/table.ts';
import { type Precision, precisionOf, widenPorts } from './precision.ts';
import { describe, functionKey, functionsOf, nodesOf, qualified } from './proto.ts';

/** An input or output as the file declares it; unknown or symbolic sizes are strings. */
export interface Port {
  readonly name: string;
  readonly type: string;
  readonly shape: Shape;
}

export interface Model {
  /**
   * The file itself, with external data put in and float16 inputs and outputs behind casts: what is
   * judged by is always this.
   */
  readonly bytes: Uint8Array;
  /** Inputs and outputs have the batch dimension in front: symbolic, or 1 where `batched` is false. */
  readonly graph: Graph;
  /** Whether any number of rows can be run at once. */
  readonly batched: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Whether the file's own first axis counts samples (else a sample is the whole tensor). */
  readonly batchAxis: boolean;
  /** What the file computes in; the graph is float32 in any case. */
  readonly precision: Precision;
  /** Number of elements of all initialisers. */
  readonly parameters: number;
  /** How often each operator occurs, in the file's words. */
  readonly operators: ReadonlyMap<string, number>;
}

export function parse(bytes: Uint8Array): ModelProto {
  try {
    const proto = fromBinary(ModelProtoSchema, bytes);
    if (proto.graph && proto.graph.node.length + proto.graph.initializer.length > 0) return proto;
  } catch (cause) {
    throw new ModelError('invalid', 'this is not an ONNX file, or it is cut short', { cause });
  }
  throw new ModelError('invalid', 'this is not an ONNX file: it holds no graph');
}

export function portOf(info: ValueInfoProto): Port {
  const kind = info.type?.value;
  if (kind?.case !== 'tensorType') {
    throw new ModelError('unsupported', `${info.name} is no tensor; only tensors are supported`);
  }
  const shape = (kind.value.shape?.dim ?? []).map(({ value }, i): Dimension => {
    if (value.case === 'dimValue' && value.value > 0n) return Number(value.value);
    return value.case === 'dimParam' && value.value !== '' ? value.value : `unknown${i}`;
  });
  const fault = shapeFault(shape);
  if (fault) throw new ModelError(fault.reason, `${info.name}: ${fault.what}`);
  return { name: info.name, type: elementTypeName(kind.value.elemType), shape };
}

function floatingInput(port: Port): DataType {
  if (port.type !== 'float32') {
    throw new ModelError(
      'unsupported',
      `input ${port.name} has ${port.type} values; only float32 inputs are supported: convert the model to float32`,
    );
  }
  return 'float32';
}

/** Operators of the file with their counts, and the names of those that cannot be read. */
export function surveyModel(bytes: Uint8Array): {
  operators: ReadonlyMap<string, number>;
  unsupported: readonly { readonly op: string; readonly node: string }[];
} {
  const counts = new Map<string, number>();
  const unsupported: { op: string; node: string }[] = [];
  const proto = parse(bytes);
  const own = functionsOf(proto);
  for (const node of nodesOf(proto)) {
    const op = qualified(node);
    counts.set(op, (counts.get(op) ?? 0) + 1);
    if (!operators.has(op) && !own.has(functionKey(node)))
      unsupported.push({ op, node: describe(node) });
  }
  return { operators: counts, unsupported };
}

/** Does the first axis count samples? A size that is 1, free or symbolic does. */
function countsSamples(shape: Shape): boolean {
  const [first] = shape;
  return shape.length >= 2 && (first === 1 || (first !== undefined && isSymbolic(first)));
}

interface Reading {
  readonly proto: ModelProto;
  readonly inputs: readonly Port[];
  readonly batchAxis: boolean;
}

function lower(reading: Reading, batch: Dimension): Graph {
  const b = new Builder();
  const graph = reading.proto.graph;
  const values = new Map<string, ReadValue>();
  for (const port of reading.inputs) {
    const [, ...rest] = reading.batchAxis ? port.shape : [1, ...port.shape];
    const open = rest.find(isSymbolic);
    if (open !== undefined) {
      throw new ModelError(
        'unsupported',
        `input ${port.name} has an axis of unknown size (${open}) besides the batch: export the model with fixed sizes`,
      );
    }
    const node = b.input(port.name, [batch, ...rest], floatingInput(port));
    values.set(port.name, reading.batchAxis ? node : b.reshape(node, rest));
  }
  const nodes = new NodeLowering(b, reading.proto);
  if (graph) nodes.constants(graph, values);
  const absent = nodes.main(reading.proto, values);
  const wanted = (graph?.output ?? []).filter(({ name }) => !absent.has(name));
  if (wanted.length === 0) {
    throw new ModelError('unsupported', 'every output is a label or a position; scores are needed');
  }
  const outputs = wanted.map((info) => {
    const value = values.get(info.name);
    if (!value) throw new ModelError('invalid', `nothing computes the output ${info.name}`);
    if (isHost(value)) throw new ShapeError(`the output ${info.name} is a shape, not a score`);
    const result = batchFirst(b, value, batch, reading.batchAxis);
    if (reading.inputs.some(({ name }) => name === info.name) && result.op !== 'input') {
      throw new ModelError(
        'unsupported',
        `the output ${info.name} is the input of that name, in another shape: remove it`,
      );
    }
    return [info.name, result] as const;
  });
  return b.graph(Object.fromEntries(outputs));
}

/** A sample's result is one row: [batch, …]. */
function batchFirst(b: Builder, value: Node, batch: Dimension, batchAxis: boolean): Node {
  if (!batchAxis) return b.reshape(value, [batch, elementCount(value.shape)]);
  if (value.shape[0] === batch) return value;
  if (elementCount(value.shape) === batch) return b.reshape(value, [batch, 1]);
  throw new ShapeError(`the output's shape does not start with the batch`);
}

export interface ReadOptions {
  /** Lower for one sample at a time, whatever the shapes allow. */
  readonly rowByRow?: boolean;
  /** Where weights kept in other files come from; without it such a file is refused. */
  readonly external?: ExternalFiles;
}

/** Reads a model. Throws ModelError: `invalid` for broken files, `unsupported` for the rest. */
export function readModel(file: Uint8Array, options: ReadOptions = {}): Model {
  const proto = parse(file);
  const embedded = options.external ? embedExternalData(proto, options.external) : false;
  const precision = precisionOf(proto);
  const widened = proto.graph ? widenPorts(proto.graph) : false;
  const bytes = embedded || widened ? toBinary(ModelProtoSchema, proto) : file;
  const initializers = new Set(proto.graph?.initializer.map(({ name }) => name));
  const inputs = (proto.graph?.input ?? [])
    .filter(({ name }) => !initializers.has(name))
    .map(portOf);
  if (inputs.length === 0) throw new ModelError('invalid', 'the model has no input');
  if (proto.graph?.output.length === 0) {
    throw new ModelError('invalid', 'the model has no output');
  }
  const reading: Reading = {
    proto,
    inputs,
    batchAxis: inputs.every(({ shape }) => countsSamples(shape)),
  };
  const { graph, batched } = lowered(reading, options.rowByRow ?? false);
  const counts = new Map<string, number>();
  for (const node of nodesOf(proto)) {
    counts.set(qualified(node), (counts.get(qualified(node)) ?? 0) + 1);
  }
  return {
    bytes,
    graph,
    batched,
    inputs,
    outputs: (proto.graph?.output ?? [])
      .filter(({ name }) => graph.outputs.some((output) => output.name === name))
      .map(portOf),
    batchAxis: reading.batchAxis,
    precision,
    parameters: (proto.graph?.initializer ?? []).reduce((sum, each) => sum + parametersOf(each), 0),
    operators: counts,
  };
}

function lowered(reading: Reading, rowByRow: boolean): { graph: Graph; batched: boolean } {
  try {
    if (reading.batchAxis && !rowByRow) return { graph: lower(reading, BATCH), batched: true };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
  }
  try {
    return { graph: lower(reading, 1), batched: false };
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new ModelError('invalid', `the model's shapes contradict each other: ${cause.message}`, {
      cause,
    });
  }
}
