/**
 * Weights kept in files beside a model (ONNX external data). Only files in the model's own folder are
 * read: what a link leads out of it is refused like a path that does.
 */
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '@glacis/core';

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
    if (!target.startsWith(folder + path.sep)) {
      throw new ModelError(
        'invalid',
        `it names the file ${location}, which lies outside its folder`,
      );
    }
    const bytes = new Uint8Array(readFileSync(target));
    read.set(location, bytes);
    return bytes;
  };
}
