/** ONNX files made by hand, field by field, as exporters of many versions would write them. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
} from 'onnx-buf';
import { elementTypeCodes } from '../../src/onnx/element-types.ts';
import { type DataType, floats, integers, type Tensor } from '../../src/tensor/tensor.ts';
import { Draw } from '../generators/draw.ts';

export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: Tensor }
  | { readonly graph: GraphSpec };

export interface GraphSpec {
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeSpec[];
  readonly initializers?: Readonly<Record<string, Tensor>>;
}

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface FileSpec extends GraphSpec {
  readonly opset: number;
  /** Shapes of the inputs; a name is a symbolic size. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  /** Element types of inputs and outputs that are not float32. */
  readonly types?: Readonly<Record<string, DataType>>;
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  const made = (type: AttributeType, fields: Partial<AttributeProto>): AttributeProto =>
    Object.assign(create(AttributeProtoSchema, { name, type }), fields);
  if (typeof value === 'number') return made(AttributeType.INT, { i: BigInt(value) });
  if (typeof value === 'string') {
    return made(AttributeType.STRING, { s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return made(AttributeType.FLOAT, { f: value.float });
  if ('floats' in value) return made(AttributeType.FLOATS, { floats: [...value.floats] });
  if ('texts' in value) {
    const strings = value.texts.map((text) => new TextEncoder().encode(text));
    return made(AttributeType.STRINGS, { strings });
  }
  if ('graph' in value) return made(AttributeType.GRAPH, { g: graphProto(value.graph, {}) });
  if ('tensor' in value) return made(AttributeType.TENSOR, { t: tensorProto('', value.tensor) });
  return made(AttributeType.INTS, { ints: value.map(BigInt) });
}

export function tensorProto(name: string, { type, shape, data }: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map((dim) => BigInt(dim)),
    dataType: elementTypeCodes[type],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

function valueInfo(
  name: string,
  type: DataType = 'float32',
  shape?: readonly (number | string)[],
): ValueInfoProto {
  const dim = (shape ?? []).map((size) => ({
    value:
      typeof size === 'string'
        ? { case: 'dimParam' as const, value: size }
        : { case: 'dimValue' as const, value: BigInt(size) },
  }));
  const tensorType = { elemType: elementTypeCodes[type], ...(shape ? { shape: { dim } } : {}) };
  const model = create(ModelProtoSchema, {
    graph: { input: [{ name, type: { value: { case: 'tensorType', value: tensorType } } }] },
  });
  const [info] = model.graph?.input ?? [];
  if (!info) throw new RangeError('the value was not made');
  return info;
}

export function nodeProtos(nodes: readonly NodeSpec[]): NodeProto[] {
  return nodes.map(({ op, inputs, outputs, attributes = {} }, i) =>
    create(NodeProtoSchema, {
      name: `${op}${i}`,
      // A name such as ai.onnx.ml.Scaler holds its domain.
      domain: op.slice(0, Math.max(0, op.lastIndexOf('.'))),
      opType: op.slice(op.lastIndexOf('.') + 1),
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    }),
  );
}

function graphProto(
  spec: GraphSpec,
  inputs: FileSpec['inputs'],
  types: FileSpec['types'] = {},
): GraphProto {
  return create(GraphProtoSchema, {
    name: 'hand-made',
    node: nodeProtos(spec.nodes),
    input: Object.entries(inputs).map(([name, shape]) => valueInfo(name, types[name], shape)),
    output: spec.outputs.map((name) => valueInfo(name, types[name])),
    initializer: Object.entries(spec.initializers ?? {}).map(([name, value]) =>
      tensorProto(name, value),
    ),
  });
}

const NEWER_TREES = 'ai.onnx.ml.TreeEnsemble';

export function modelProto(spec: FileSpec): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [
      { domain: '', version: BigInt(spec.opset) },
      // The newest operator that holds all kinds of trees came with the fifth version.
      { domain: 'ai.onnx.ml', version: spec.nodes.some(({ op }) => op === NEWER_TREES) ? 5n : 3n },
    ],
    graph: graphProto(spec, spec.inputs, spec.types),
  });
}

export function onnxFile(spec: FileSpec): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, modelProto(spec));
}

/** A file and what is to be known about it. */
export interface Case extends FileSpec {
  readonly what: string;
  /** Whether the file takes one row at a time, and only the graph many; not so when absent. */
  readonly lifted?: boolean;
}

export interface OneOperator {
  /** 17 when absent. */
  readonly opset?: number;
  /** The input's shape; [1, 4] when absent. */
  readonly x?: readonly (number | string)[];
  /** Further operands by name, in order; undefined is one left out. */
  readonly operands?: Readonly<Record<string, Tensor | undefined>>;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly lifted?: boolean;
}

/** A file of one operator on one input x. */
export function one(op: string, what: string, spec: OneOperator = {}): Case {
  const { opset = 17, x = [1, 4], operands = {}, attributes = {}, lifted = false } = spec;
  const given = Object.entries(operands).filter(([, value]) => value !== undefined);
  const names = Object.entries(operands).map(([name, value]) => (value ? name : ''));
  return {
    what: `${op}-${opset}: ${what}`,
    opset,
    inputs: { x },
    outputs: ['y'],
    nodes: [{ op, inputs: ['x', ...names], outputs: ['y'], attributes }],
    initializers: Object.fromEntries(given) as Record<string, Tensor>,
    lifted,
  };
}

const draw = new Draw(19);

/** Random weights of a shape. */
export function weights(...shape: number[]): Tensor<'float32'> {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return floats(
    draw.list(size, () => draw.real(-1, 1)),
    shape,
  );
}

export const ints = (...values: number[]): Tensor<'int64'> => integers(values);
export const scalar = (value: number): Tensor<'float32'> => floats([value], []);
