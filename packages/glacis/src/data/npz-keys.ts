/**
 * Which arrays of a .npz file are the inputs and which the labels. `x` and `y` unless the user says
 * otherwise; the names that common tools give are accepted, and said.
 */

import { UsageError } from '../errors.ts';

/** Pairs of names in order of preference; of several splits, the one for testing. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['x', 'y'],
  ['x_test', 'y_test'],
  ['X', 'Y'],
  ['X', 'y'],
  ['X_test', 'Y_test'],
  ['X_test', 'y_test'],
  ['test_x', 'test_y'],
  ['images', 'labels'],
  ['test_images', 'test_labels'],
  ['data', 'labels'],
  ['data', 'target'],
  ['features', 'labels'],
  ['features', 'target'],
  ['inputs', 'targets'],
  ['inputs', 'labels'],
  ['arr_0', 'arr_1'],
];

/** Names that labels may have next to any name of the inputs. */
const LABELS: readonly string[] = ['y', 'Y', 'labels', 'label', 'target', 'targets'];

export interface NpzKeys {
  readonly x: string;
  /** null: there are no labels. */
  readonly y: string | null;
  readonly notes: string[];
}

/**
 * Chooses among the `keys` of the file named `where`. `x` and `y` are what the user asked for; `y`
 * may be 'none'. Throws UsageError listing the keys when there is no choice.
 */
export function chooseKeys(
  keys: readonly string[],
  asked: { readonly x?: string | undefined; readonly y?: string | undefined },
  where: string,
): NpzKeys {
  const has = (key: string): boolean => keys.includes(key);
  const listed = keys.length > 0 ? `it holds ${keys.join(', ')}` : 'it holds no arrays';
  for (const [flag, key] of [
    ['--x', asked.x],
    ['--y', asked.y],
  ] as const) {
    if (key !== undefined && !has(key) && !(flag === '--y' && key === 'none')) {
      throw new UsageError(`${where} has no array ${key} for ${flag}; ${listed}.`);
    }
  }
  const x = asked.x ?? defaultInputs(keys);
  if (x === undefined) {
    throw new UsageError(`${where} has no array x; ${listed}: name the inputs with --x.`);
  }
  const y = asked.y === 'none' ? null : (asked.y ?? labelsFor(x, keys) ?? null);
  const notes: string[] = [];
  if (asked.x === undefined && x !== 'x') {
    notes.push(`${where} has no array x; the inputs are ${x} (--x names another).`);
  }
  if (y !== null && asked.y === undefined && y !== 'y') {
    notes.push(`The labels are the array ${y} (--y names another).`);
  }
  return { x, y, notes };
}

function defaultInputs(keys: readonly string[]): string | undefined {
  const pair =
    PAIRS.find(([x, y]) => keys.includes(x) && keys.includes(y)) ??
    PAIRS.find(([x]) => keys.includes(x));
  return pair?.[0] ?? (keys.length === 1 ? keys[0] : undefined);
}

/** The labels that go with the inputs `x`: of the same pair or split (x_train: y_train). */
function labelsFor(x: string, keys: readonly string[]): string | undefined {
  const renamed = [
    ['x', 'y'],
    ['X', 'Y'],
    ['X', 'y'],
    ['images', 'labels'],
    ['data', 'labels'],
  ].map(([from = '', to = '']) => x.replace(new RegExp(`(?<![A-Za-z])${from}(?![A-Za-z])`), to));
  const partners = PAIRS.filter(([name]) => name === x).map(([, name]) => name);
  return [...partners, ...renamed, ...LABELS].find((key) => key !== x && keys.includes(key));
}
