/**
 * Files exported for exactly n > 1 samples: their inputs and outputs all begin with n. Where samples do not
 * meet, such a file is a model of one sample, in one of two forms; who has a runtime finds out which.
 */
import { create } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
} from 'onnx-buf';
import { BATCH, isSymbolic } from '../graph/dimension.ts';
import { integers } from '../tensor/tensor.ts';
import { elementTypeCodes } from './element-types.ts';
import { parse } from './parse.ts';
import { renameValue } from './proto.ts';
import { rawBytes } from './raw-values.ts';
import type { Model } from './read.ts';
import { modelBytes } from './serialise.ts';

/** For how many samples a file of one input was exported; undefined where it is for any, or for one. */
export function fixedRows({ inputs, outputs, random }: Model): number | undefined {
  const [input, ...others] = inputs;
  if (!input || others.length > 0 || random.length > 0) return undefined;
  const [rows] = input.shape;
  if (rows === undefined || isSymbolic(rows) || rows < 2) return undefined;
  const ports = [input, ...outputs];
  return ports.every(({ shape }) => shape.length >= 2 && shape[0] === rows) ? rows : undefined;
}

type Dims = ReturnType<typeof dimsOf>;

const dimsOf = ({ type }: ValueInfoProto) =>
  type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];

function beginWith([first]: Dims, size: number | string): void {
  if (!first) return;
  first.value =
    typeof size === 'string'
      ? { case: 'dimParam', value: size }
      : { case: 'dimValue', value: BigInt(size) };
}

/** The file declared for any number of samples: right where nothing inside says n again. */
export function forAnyRows(model: Model): Uint8Array<ArrayBuffer> {
  const proto = parse(model.bytes);
  const { graph } = proto;
  for (const port of [...(graph?.input ?? []), ...(graph?.output ?? [])]) {
    beginWith(dimsOf(port), BATCH);
  }
  if (graph) graph.valueInfo = [];
  return modelBytes(proto);
}

/** The file behind a repetition of its one sample, of whose results it gives the first. */
export function forOneRow(model: Model): Uint8Array<ArrayBuffer> {
  const proto = parse(model.bytes);
  const { graph } = proto;
  const [input] = model.inputs;
  const declared = graph?.input.find(({ name }) => name === input?.name);
  if (!graph || !input || !declared) return model.bytes.slice();
  const { name } = input;
  renameValue(graph, name, inner(name));
  beginWith(dimsOf(declared), 1);
  const repeat = node('Expand', [name, inner('rows')], inner(name));
  const first = graph.output.map((output) => takeFirst(graph, output));
  graph.node = [repeat, ...graph.node, ...first];
  const shape = integers(input.shape.map(Number));
  graph.initializer.push(held(inner('rows'), shape), held(inner('first'), integers([0])));
  return modelBytes(proto);
}

function takeFirst(graph: GraphProto, output: ValueInfoProto): NodeProto {
  const { name } = output;
  renameValue(graph, name, inner(name));
  beginWith(dimsOf(output), 1);
  return node('Gather', [inner(name), inner('first')], name);
}

const inner = (name: string): string => `repeated/${name}`;

const node = (opType: string, input: string[], output: string): NodeProto =>
  create(NodeProtoSchema, { name: `${output}/${opType}`, opType, input, output: [output] });

const held = (name: string, value: ReturnType<typeof integers>): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: value.shape.map(BigInt),
    dataType: elementTypeCodes.int64,
    rawData: rawBytes(value),
  });
