/**
 * Weights kept beside the file. They are put into the file's bytes before anything else happens, so
 * that a model is one sequence of bytes everywhere: what is hashed, judged by and written.
 */
import { type ModelProto, type TensorProto, TensorProto_DataLocation } from 'onnx-buf';
import { ModelError } from './model-error.ts';
import { tensorsOf } from './proto.ts';

/** Gives the bytes of a file beside the model, by its relative path. */
export type ExternalFiles = (location: string) => Uint8Array;

/** A path below the model's folder: relative, without steps upwards. */
function checkedLocation(location: string, where: string): string {
  const parts = location.split(/[/\\]/);
  const outside = parts[0] === '' || parts.includes('..') || /^[a-z]:|\0/i.test(location);
  if (!outside) return location;
  throw new ModelError(
    'invalid',
    `${where} keeps its values in ${JSON.stringify(location)}, outside the model's folder: such files are not read`,
  );
}

/** A whole number as the standard writes it, in decimal digits. */
function position(text: string, what: string, where: string): number {
  const value = /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new ModelError(
    'invalid',
    `${where} keeps its values at the impossible ${what} ${JSON.stringify(text)} of another file`,
  );
}

function part(tensor: TensorProto, files: ExternalFiles, where: string): Uint8Array {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = checkedLocation(entries.get('location') ?? '', where);
  const offset = position(entries.get('offset') ?? '0', 'offset', where);
  const given = entries.get('length');
  const declared = given === undefined ? undefined : position(given, 'length', where);
  const bytes = files(location);
  const length = declared ?? Math.max(0, bytes.length - offset);
  if (offset + length > bytes.length) {
    throw new ModelError(
      'invalid',
      `${where} needs bytes ${offset} to ${offset + length} of ${location}, which has ${bytes.length}`,
    );
  }
  return bytes.subarray(offset, offset + length);
}

/** The largest message that protobuf has, and with it the largest model in one piece. */
const MOST_BYTES = 2 ** 31 - 1;

/** Tensors may share a part of a file; a file of which everything is used this often is a bomb. */
const MOST_SHARED = 4;

/** Puts external values into the file's tensors; says whether there were any. Throws ModelError. */
export function embedExternalData(proto: ModelProto, files: ExternalFiles): boolean {
  const read = new Map<string, Uint8Array>();
  const once = (location: string): Uint8Array => {
    const bytes = read.get(location) ?? files(location);
    read.set(location, bytes);
    return bytes;
  };
  let [total, found] = [0, false];
  for (const tensor of tensorsOf(proto)) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    const where = `the tensor ${tensor.name}`;
    const bytes = part(tensor, once, where);
    total += bytes.length;
    const kept = [...read.values()].reduce((sum, { length }) => sum + length, 0);
    if (total > MOST_BYTES || total > MOST_SHARED * kept) {
      throw new ModelError(
        'unsupported',
        `with ${where}, the values kept in other files make ${total} bytes of ${kept}: ${total > MOST_BYTES ? 'a model may have 2 GiB' : 'parts that overlap so much are refused'}`,
      );
    }
    // A view of the file; what is written of the model is its only copy.
    tensor.rawData = bytes as Uint8Array<ArrayBuffer>;
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    tensor.externalData = [];
    found = true;
  }
  return found;
}
