/**
 * Weights kept in files beside a model (ONNX external data). Only files in the model's own folder are
 * read: what a link leads out of it is refused like a path that does.
 */
import { closeSync, fstatSync, openSync, constants, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '@glacis/core';
import { messageOf } from '../errors.ts';
import { MAX_BYTES } from './file.ts';

/** What reads a model's external files by the location its file names. Throws ModelError. */
export function externalFilesOf(modelPath: string): (location: string) => Uint8Array {
  // A file is read once, however many tensors lie in it.
  const read = new Map<string, Uint8Array>();
  return (location) => {
    const known = read.get(location);
    if (known) return known;
    const folder = realpathSync(path.dirname(modelPath));
    let target: string;
    try {
      target = realpathSync(path.join(folder, location));
    } catch (cause) {
      throw new ModelError(
        'invalid',
        `it keeps weights in ${location}, which is not in its folder: put that file beside it`,
        { cause },
      );
    }
    if (!target.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)) {
      throw new ModelError(
        'invalid',
        `it names the file ${location}, which lies outside its folder`,
      );
    }
    const bytes = contentsOf(target, location);
    read.set(location, bytes);
    return bytes;
  };
}

/** The bytes of a plain file: a pipe would never end, and a folder has none. Throws ModelError. */
function contentsOf(target: string, location: string): Uint8Array {
  const refused = (what: string, cause?: unknown): ModelError =>
    new ModelError('invalid', `it keeps weights in ${location}, which ${what}`, { cause });
  let file: number;
  try {
    // Opening a pipe would wait for its other end.
    file = openSync(target, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw refused(`cannot be read (${messageOf(cause)})`, cause);
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw refused('is no file: put the file itself there');
    if (found.size > MAX_BYTES) {
      throw refused(`has ${found.size} bytes, more than the ${MAX_BYTES} that can be read`);
    }
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw refused(`cannot be read (${messageOf(cause)})`, cause);
  } finally {
    closeSync(file);
  }
}
