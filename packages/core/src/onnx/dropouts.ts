/**
 * Dropout that is left in training mode: the model then draws at every run. It is written out as what it
 * means, y = x·[u ≥ ratio] / (1 − ratio) with u uniform in [0, 1), so that the draw is one like others.
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
  TensorProtoSchema,
} from 'onnx-buf';
import { elementTypeCodes, readTensor, TEXT } from './element-types.ts';
import { ModelError } from './model-error.ts';
import { precisionOf } from './precision.ts';
import { isMainDomain, opsetOf, qualified } from './proto.ts';
import { rawBytes } from './raw-values.ts';

/** Training mode is an operand since then; before, files of these opsets never trained. */
const WITH_MODE = 12;
const HALF = 0.5;

/**
 * Writes out the Dropouts of the main graph whose mode is known to be training; gives how many there were.
 * Throws ModelError on a ratio outside [0, 1).
 */
export function openDropouts(proto: ModelProto): number {
  const { graph } = proto;
  const training = graph?.node.filter(isTraining) ?? [];
  if (!graph || training.length === 0) return 0;
  if (opsetOf(proto.opsetImport) < WITH_MODE || precisionOf(proto) !== 'float32') return 0;
  const constants = constantsOf(graph);
  let opened = 0;
  graph.node = graph.node.flatMap((node) => {
    const [, ratioName = '', mode = ''] = node.input;
    const ratio = ratioName === '' ? HALF : constants.get(ratioName);
    if (!training.includes(node) || !constants.get(mode) || ratio === undefined) return [node];
    if (!(ratio >= 0 && ratio < 1)) {
      throw new ModelError('invalid', `Dropout ${node.name}: its ratio ${ratio} is not in [0, 1)`);
    }
    opened += 1;
    return writtenOut(graph, node, Math.fround(ratio));
  });
  return opened;
}

const isTraining = (node: NodeProto): boolean =>
  qualified(node) === 'Dropout' && isMainDomain(node) && (node.input[2] ?? '') !== '';

/** Single numbers that the file holds, by the name of their value. */
function constantsOf(graph: GraphProto): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const add = (name: string, tensor: TensorProto): void => {
    if (tensor.dataType === TEXT || tensor.dims.some((dim) => dim !== 1n)) return;
    const { data } = readTensor(tensor, `the constant ${name}`);
    if (data.length === 1) numbers.set(name, Number(data[0]));
  };
  for (const tensor of graph.initializer) add(tensor.name, tensor);
  for (const node of graph.node.filter((each) => qualified(each) === 'Constant')) {
    const [name = ''] = node.output;
    for (const held of node.attribute) {
      if (held.name === 'value' && held.t) add(name, held.t);
      if (held.name === 'value_float') numbers.set(name, held.f);
      if (held.name === 'value_int') numbers.set(name, Number(held.i));
    }
  }
  return numbers;
}

function writtenOut(graph: GraphProto, dropout: NodeProto, ratio: number): NodeProto[] {
  const [x = ''] = dropout.input;
  const [result = '', mask = ''] = dropout.output;
  const inner = (what: string): string => `${result}/dropout/${what}`;
  const kept = mask === '' ? inner('kept') : mask;
  const held = (what: string, value: number): string => {
    graph.initializer.push(scalar(inner(what), value));
    return inner(what);
  };
  const node = (opType: string, input: string[], output: string): NodeProto =>
    create(NodeProtoSchema, { name: `${dropout.name}/${opType}`, opType, input, output: [output] });
  const draw = node('RandomUniformLike', [x], inner('drawn'));
  draw.attribute.push(
    create(AttributeProtoSchema, {
      name: 'dtype',
      type: AttributeType.INT,
      i: BigInt(elementTypeCodes.float32),
    }),
  );
  const scale = Math.fround(1 / Math.fround(1 - ratio));
  return [
    draw,
    node('GreaterOrEqual', [inner('drawn'), held('ratio', ratio)], kept),
    node('Mul', [x, held('scale', scale)], inner('scaled')),
    node('Where', [kept, inner('scaled'), held('zero', 0)], result),
  ];
}

function scalar(name: string, value: number): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: [],
    dataType: elementTypeCodes.float32,
    rawData: rawBytes({ type: 'float32', shape: [], data: Float32Array.of(value) }),
  });
}
