/** The embedded example: a small digit classifier and 200 images, shipped with the package. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OptionValues } from '../cli/options.ts';
import { UsageError } from '../errors.ts';
import { packageFolder } from '../package-folder.ts';

export interface Example {
  readonly model: string;
  readonly data: string;
  /** What the report calls the files. */
  readonly names: { readonly model: string; readonly data: string };
  /** Its own flags, unless others are given. */
  readonly values: OptionValues;
}

/** Where a run of the example is written unless --out names a folder. */
export const exampleFolder = 'glacis-digits';

const shipped = new URL('example/', packageFolder);

/** Throws UsageError when a model or data are given as well, or the files are not in the folder. */
export function findExample(
  request: { readonly model: string | null; readonly values: OptionValues },
  folder: URL = shipped,
): Example {
  const { values } = request;
  if (request.model !== null || values.data !== undefined) {
    throw new UsageError(
      '--example digits brings its own model and data; leave out MODEL and --data.',
    );
  }
  const at = (name: string): string => fileURLToPath(new URL(name, folder));
  const names = { model: 'digits.onnx', data: 'digits.npz' };
  const [model, data] = [at(names.model), at(names.data)];
  if (!existsSync(model) || !existsSync(data)) {
    throw new UsageError(
      'The example is not in this installation of glacis: in a clone, npm run setup makes it (npm start also runs it); elsewhere, install glacis again.',
    );
  }
  const chosen = values.first ?? values.sample ?? values.index;
  return {
    model,
    data,
    names,
    values: {
      norm: 'linf',
      eps: [0.1],
      clip: [0, 1],
      ...(chosen === undefined ? { first: 100 } : {}),
    },
  };
}
