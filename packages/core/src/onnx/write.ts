/**
 * Graph → ONNX bytes (opset 18, IR version 8: any ONNX Runtime of the last years runs it). Only what
 * the outputs need is written. Equal small constants are stored once.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProto,
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { type Dimension, isSymbolic, printShape, type Shape } from '../graph/dimension.ts';
import {
  ancestors,
  type Graph,
  inputNodes,
  type Node,
  nodeAt,
  type OpName,
} from '../graph/graph.ts';
import type { Emitter, OnnxAttribute } from '../graph/ops/emitter.ts';
import { definitionOf } from '../graph/ops/table.ts';
import { integers, sizeOf, type Tensor } from '../tensor/tensor.ts';
import { elementTypeCodes } from './element-types.ts';
import { rawBytes } from './raw-values.ts';
import { modelBytes } from './serialise.ts';

export const OPSET = 18;
const IR_VERSION = 8n;
/** Constants up to this many elements are compared by content. */
const SHARED_SIZE = 4096;

function attribute(name: string, value: OnnxAttribute): AttributeProto {
  if (typeof value === 'string') {
    const s = Uint8Array.from(value, (character) => character.charCodeAt(0));
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  const ints = value.map((element) => BigInt(element));
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints });
}

function tensorProto(name: string, value: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: value.shape.map((dim) => BigInt(dim)),
    dataType: elementTypeCodes[value.type],
    rawData: rawBytes(value),
  });
}

/** One tensor as the bytes of a TensorProto. */
export function writeTensor(name: string, value: Tensor): Uint8Array {
  return toBinary(TensorProtoSchema, tensorProto(name, value));
}

function valueInfo(name: string, { type, shape }: Node): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: elementTypeCodes[type],
          shape: {
            dim: shape.map((dim) => ({
              value: isSymbolic(dim)
                ? { case: 'dimParam' as const, value: dim }
                : { case: 'dimValue' as const, value: BigInt(dim) },
            })),
          },
        },
      },
    },
  });
}

class Writer implements Emitter {
  readonly nodeProtos: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  /** Shapes of values that are not known from the weights: ONNX Runtime loses symbols at a Reshape. */
  readonly symbolic = new Map<string, ValueInfoProto>();
  private readonly names = new Map<number, string>();
  private readonly constants = new Map<Tensor, string>();
  private readonly contents = new Map<string, string>();
  private readonly sizes = new Map<string, string>();
  private counter = 0;
  private readonly graph: Graph;
  private readonly used: Set<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.used = new Set([
      ...inputNodes(graph).map((node) => node.attributes.name),
      ...graph.outputs.map((output) => output.name),
    ]);
  }

  private fresh(hint: string): string {
    for (;;) {
      const name = `${hint}_${this.counter++}`;
      if (!this.used.has(name)) {
        this.used.add(name);
        return name;
      }
    }
  }

  /** Constants wait until something needs them as they are, but for parameters, which keep their order. */
  write(node: Node): void {
    if (node.op === 'constant' && !node.attributes.parameter) return;
    this.emit(node);
  }

  private emit(node: Node): string {
    const definition = definitionOf<OpName>(node.op);
    const operands = node.operands.map((id) => nodeAt(this.graph, id));
    const name = definition.emit(this, node, operands);
    this.names.set(node.id, name);
    if (node.op !== 'input' && node.shape.some(isSymbolic)) {
      this.symbolic.set(name, valueInfo(name, node));
    }
    return name;
  }

  nameOf(node: Node): string {
    const known = this.names.get(node.id);
    const name = known ?? (node.op === 'constant' ? this.emit(node) : undefined);
    if (name === undefined) throw new RangeError(`node ${node.id} is used before it is written`);
    return name;
  }

  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string[] {
    const results = Array.from({ length: outputs }, () => this.fresh(opType));
    this.nodeProtos.push(
      create(NodeProtoSchema, {
        name: results[0] ?? '',
        opType,
        input: trimmed(inputs),
        output: results,
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
    return results;
  }

  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    return this.nodes(opType, inputs, 1, attributes)[0] ?? '';
  }

  constant(value: Tensor, wanted?: string): string {
    const known = this.constants.get(value);
    if (known !== undefined) return known;
    // A parameter keeps its name, so it is not shared with an equal constant.
    const named = wanted !== undefined && wanted !== '' && !this.used.has(wanted);
    const key =
      !named && sizeOf(value.shape) <= SHARED_SIZE
        ? `${value.type}${printShape(value.shape)}${contentKey(value)}`
        : undefined;
    const shared = key === undefined ? undefined : this.contents.get(key);
    const name = shared ?? (named ? wanted : this.fresh('constant'));
    this.used.add(name);
    if (shared === undefined) this.initializers.push(tensorProto(name, value));
    this.constants.set(value, name);
    if (key !== undefined) this.contents.set(key, name);
    return name;
  }

  size(dimension: Dimension): string {
    if (!isSymbolic(dimension)) return this.constant(integers([dimension]));
    const existing = this.sizes.get(dimension);
    if (existing !== undefined) return existing;
    const name = this.symbolSize(dimension) ?? this.productSize(dimension);
    this.sizes.set(dimension, name);
    return name;
  }

  private symbolSize(symbol: string): string | undefined {
    for (const input of inputNodes(this.graph)) {
      const axis = input.shape.indexOf(symbol);
      if (axis >= 0) {
        const shape = this.node('Shape', [input.attributes.name]);
        return this.node('Gather', [shape, this.constant(integers([axis]))], { axis: 0 });
      }
    }
    return undefined;
  }

  private productSize(dimension: string): string {
    const factors = dimension.split('*');
    if (factors.length === 1) throw new RangeError(`no input has an axis of size ${dimension}`);
    return factors
      .map((factor) => this.size(Number.isNaN(Number(factor)) ? factor : Number(factor)))
      .reduce((product, factor) => this.node('Mul', [product, factor]));
  }

  shape(shape: Shape): string {
    if (!shape.some(isSymbolic)) return this.constant(integers(shape.map(Number)));
    return this.node(
      'Concat',
      shape.map((dim) => this.size(dim)),
      { axis: 0 },
    );
  }

  reshapeTarget(shape: Shape): string {
    const symbolic = shape.filter(isSymbolic).length;
    // An empty tensor leaves −1 undetermined.
    if (symbolic !== 1 || shape.includes(0)) return this.shape(shape);
    return this.constant(integers(shape.map((dim) => (isSymbolic(dim) ? -1 : dim))));
  }
}

function trimmed(inputs: readonly string[]): string[] {
  const names = [...inputs];
  while (names.at(-1) === '') names.pop();
  return names;
}

function contentKey(value: Tensor): string {
  return rawBytes(value).join(',');
}

/** The graph as an ONNX file. Throws what the op table's `emit` throws. */
export function writeModel(graph: Graph): Uint8Array<ArrayBuffer> {
  const needed = ancestors(
    graph,
    graph.outputs.map((output) => output.id),
  );
  const writer = new Writer(graph);
  for (const node of graph.nodes) {
    // Inputs are part of the interface whether or not anything needs them.
    if (node.op === 'input' || needed[node.id]) writer.write(node);
  }
  for (const { name, id } of graph.outputs) {
    const source = nodeAt(graph, id);
    // An input that is an output under its own name is both in the file as well.
    if (source.op === 'input' && source.attributes.name === name) continue;
    writer.nodeProtos.push(
      create(NodeProtoSchema, {
        name: `output ${name}`,
        opType: 'Identity',
        input: [writer.nameOf(source)],
        output: [name],
      }),
    );
  }
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'glacis',
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    graph: {
      name: 'glacis',
      node: writer.nodeProtos,
      initializer: writer.initializers,
      input: inputNodes(graph).map((node) => valueInfo(node.attributes.name, node)),
      output: graph.outputs.map(({ name, id }) => valueInfo(name, nodeAt(graph, id))),
      valueInfo: [...writer.symbolic.values()],
    },
  });
  return modelBytes(model);
}
