/**
 * A ModelProto as bytes, its weights written once: into a buffer of the final size, from where they
 * are. (protobuf's own writer doubles its buffer as it fills and copies it at the end: four times the
 * size of a large model.) Everything but the initialisers' raw values is left to that writer.
 */
import { clearField, toBinary } from '@bufbuild/protobuf';
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from 'onnx-buf';

/** A length-delimited field: its tag and length, then its content piece by piece. */
function field(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.from([...varint((number << 3) | 2), ...varint(length)]), ...content];
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function tensorPieces(tensor: TensorProto): Uint8Array[] {
  const { rawData: raw } = tensor;
  if (raw.length === 0) return [toBinary(TensorProtoSchema, tensor)];
  clearField(tensor, TensorProtoSchema.field.rawData);
  const rest = toBinary(TensorProtoSchema, tensor);
  tensor.rawData = raw;
  return [rest, ...field(TensorProtoSchema.field.rawData.number, [raw])];
}

function graphPieces(graph: GraphProto): Uint8Array[] {
  const initializers = graph.initializer;
  graph.initializer = [];
  const rest = toBinary(GraphProtoSchema, graph);
  graph.initializer = initializers;
  const { number } = GraphProtoSchema.field.initializer;
  return [rest, ...initializers.flatMap((tensor) => field(number, tensorPieces(tensor)))];
}

/** The file's bytes: what toBinary gives, up to the order of fields. */
export function modelBytes(model: ModelProto): Uint8Array<ArrayBuffer> {
  const { graph } = model;
  clearField(model, ModelProtoSchema.field.graph);
  const pieces: Uint8Array[] = [toBinary(ModelProtoSchema, model)];
  if (graph) {
    model.graph = graph;
    pieces.push(...field(ModelProtoSchema.field.graph.number, graphPieces(graph)));
  }
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
