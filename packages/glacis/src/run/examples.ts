/** Adversarial examples from a file, matched to the chosen inputs by `index`, else by order. */
import { type Classifier, row } from '@glacis/core';
import { toFloat32 } from '../data/convert.ts';
import type { StoredArray } from '../data/array.ts';
import { readFileBytes } from '../data/file.ts';
import { fitToModel } from '../data/fit.ts';
import { readNpz } from '../data/npz.ts';
import { gunzip } from '../data/unpack.ts';
import { messageOf, UsageError } from '../errors.ts';
import { counted } from '../report/numbers.ts';
import type { Inputs } from './inputs.ts';

export interface Examples {
  /** One for each chosen input, or null. */
  readonly examples: readonly (Float32Array | null)[];
  readonly notes: readonly string[];
}

const names = ['x_adv', 'x', 'arr_0'];

/** Throws UsageError. Numbers that are not finite are kept: the replay reports them. */
export async function readExamples(
  path: string,
  inputs: Inputs,
  classifier: Classifier,
): Promise<Examples> {
  const { bytes } = await readFileBytes(path);
  const npz = readNpz(/\.gz$/i.test(path) ? gunzip(bytes, path) : bytes, path);
  const key = names.find((name) => npz.keys.includes(name));
  if (key === undefined) {
    throw new UsageError(
      `${path} has none of the arrays ${names.join(', ')}; it holds ${npz.keys.join(', ')}: save the examples as x_adv.`,
    );
  }
  const x = fitted(npz.read(key), path, classifier);
  const count = x.shape[0] ?? 0;
  const positions = npz.keys.includes('index')
    ? indexed(npz.read('index'), count, path)
    : inOrder(count, inputs, path);
  const known = new Set(inputs.indices);
  const strangers = [...positions.keys()].filter((index) => !known.has(index)).length;
  if (strangers === positions.size) {
    const some = [...positions.keys()].slice(0, 8).join(', ');
    const held =
      some === '' ? 'it is empty' : `its index holds ${some}${strangers > 8 ? ', …' : ''}`;
    throw new UsageError(
      `${path} has no example for any of the chosen inputs: ${held}; choose those with --index.`,
    );
  }
  return {
    examples: inputs.indices.map((index) => {
      const at = positions.get(index);
      return at === undefined ? null : row(x, at).slice();
    }),
    notes: [...repeated(count - positions.size, count), ...others(strangers)],
  };
}

function repeated(more: number, count: number): string[] {
  if (more === 0) return [];
  const are = more === 1 ? 'is for an input that has' : 'are for inputs that have';
  return [
    `${more} of the ${count} examples ${are} an earlier one; the first of each input is used.`,
  ];
}

function others(strangers: number): string[] {
  if (strangers === 0) return [];
  const are = strangers === 1 ? 'is' : 'are';
  return [`${counted(strangers, 'input')} with an example ${are} not chosen here.`];
}

/** As float32 without a check for finiteness, in the model's shape. */
function fitted(stored: StoredArray, path: string, classifier: Classifier) {
  const [count = 0, ...shape] = stored.shape;
  const finite = stored.type === 'float32' || stored.type === 'float64';
  const x = finite
    ? {
        type: 'float32' as const,
        shape: [count, ...shape],
        data: Float32Array.from({ length: stored.data.length }, (_, i) => Number(stored.data[i])),
      }
    : toFloat32(
        stored,
        Array.from({ length: count }, (_, i) => i),
        { where: path },
      ).x;
  try {
    return fitToModel(x, classifier.sampleShape).x;
  } catch (error) {
    throw new UsageError(`${path}: ${messageOf(error)}`);
  }
}

function indexed(stored: StoredArray, count: number, path: string): Map<number, number> {
  if (stored.data.length !== count) {
    throw new UsageError(
      `${path} has ${count} examples but ${stored.data.length} numbers in index; one for each is needed.`,
    );
  }
  const positions = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const index = Number(stored.data[i]);
    if (!positions.has(index)) positions.set(index, i);
  }
  return positions;
}

function inOrder(count: number, { indices, path: data }: Inputs, path: string) {
  if (count !== indices.length) {
    throw new UsageError(
      `${path} has ${count} examples for the ${indices.length} chosen inputs of ${data}; give as many, or an array index that says which.`,
    );
  }
  return new Map(indices.map((index, i) => [index, i]));
}
