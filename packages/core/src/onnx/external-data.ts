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

function part(tensor: TensorProto, files: ExternalFiles, where: string): Uint8Array<ArrayBuffer> {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = checkedLocation(entries.get('location') ?? '', where);
  const bytes = files(location);
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? bytes.length - offset);
  if (!(offset >= 0) || !(length >= 0) || !(offset + length <= bytes.length)) {
    throw new ModelError(
      'invalid',
      `${where} needs bytes ${offset} to ${offset + length} of ${location}, which has ${bytes.length}`,
    );
  }
  return Uint8Array.from(bytes.subarray(offset, offset + length));
}

/** Puts external values into the file's tensors; says whether there were any. Throws ModelError. */
export function embedExternalData(proto: ModelProto, files: ExternalFiles): boolean {
  let found = false;
  for (const tensor of tensorsOf(proto)) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    tensor.rawData = part(tensor, files, `the tensor ${tensor.name}`);
    tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
    tensor.externalData = [];
    found = true;
  }
  return found;
}
