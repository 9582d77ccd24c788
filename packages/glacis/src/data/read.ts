/**
 * Reads a data set: opens the file, chooses samples, converts them to float32 and their labels to
 * numbers. Everything that was decided on the user's behalf is said in `notes`.
 */

import { sizeOf } from '@glacis/core';
import type { Tensor } from '@glacis/core';
import { UsageError } from '../errors.ts';
import { showShape } from './array.ts';
import { toFloat32 } from './convert.ts';
import { toLabels } from './labels.ts';
import type { Labels } from './labels.ts';
import { selectIndices } from './select.ts';
import type { Selection } from './select.ts';
import { openSource } from './source.ts';
import type { HashedFile, SourceOptions } from './source.ts';

export interface DataSet {
  /** As the user gave it. */
  readonly path: string;
  /** Of the file's bytes on disk, in hexadecimal; for a folder, see hashImages. */
  readonly sha256: string;
  /** The second file, when the labels come from one. */
  readonly labelFile: HashedFile | null;
  /** How many samples the file holds. */
  readonly total: number;
  /** The position in the file of each chosen sample. */
  readonly indices: readonly number[];
  /** The chosen samples: [samples, …shape], finite. */
  readonly x: Tensor<'float32'>;
  /** Class numbers of the chosen samples, or targets of a regression; null without labels. */
  readonly y: Labels | null;
  /** The different labels of all samples of the file. */
  readonly labelSet: readonly number[];
  /** Whether labels are positions of classes, whatever these are called. */
  readonly labelsArePositions: boolean;
  /** One for each feature, for tables with a header. */
  readonly featureNames: string[] | null;
  /** Names of the classes by number, where the data name them. */
  readonly classNames: string[] | null;
  /** The source is uint8: x is 0…1, unless a scale was given. */
  readonly eightBit: boolean;
  /** File names of the chosen samples, for folders of images. */
  readonly names: string[] | null;
  readonly notes: string[];
}

export interface ReadOptions extends SourceOptions, Selection {
  /** Multiplies every number; by default 1/255 for uint8 and 1 for all else. */
  readonly scale?: number | undefined;
}

/**
 * Reads the data at `path`: .npz, .npy, .csv, IDX (each also packed as .gz), or a folder of images.
 * Throws UsageError on anything that cannot be read as finite samples with labels to match.
 */
export async function readData(path: string, options: ReadOptions = {}): Promise<DataSet> {
  const source = await openSource(path, options);
  if (source.samples === 0) throw new UsageError(`${path} holds no samples.`);
  const indices = selectIndices(source.samples, options, path);
  const { stored, holds, notes: loaded } = await source.load(indices);
  if (sizeOf(stored.shape.slice(1)) === 0) {
    throw new UsageError(
      `${path} has the shape ${showShape(stored.shape)}: its samples are empty.`,
    );
  }
  const rows = holds === 'all' ? indices : indices.map((_, i) => i);
  const { x, eightBit, notes } = toFloat32(stored, rows, {
    scale: options.scale,
    where: path,
    positions: indices,
  });
  const where = source.labelFile?.path ?? path;
  const labels = source.y && toLabels(source.y, source.samples, where);
  const y = labels && chosenLabels(labels.y, indices);
  const { names } = source;
  return {
    path,
    sha256: source.sha256,
    labelFile: source.labelFile,
    total: source.samples,
    indices,
    x,
    y,
    labelSet: [...new Set<number>(labels?.y ?? [])],
    labelsArePositions: labels?.arePositions ?? false,
    featureNames: source.featureNames,
    classNames: source.classNames,
    eightBit,
    names: names && indices.map((i) => names[i] ?? ''),
    notes: [
      ...source.notes,
      ...loaded,
      ...notes,
      ...(labels?.notes ?? []),
      ...(labels && y ? oneClassNote(labels.y, y) : []),
    ],
  };
}

function chosenLabels(y: Labels, indices: readonly number[]): Labels {
  const chosen = indices.map((i) => y[i] ?? 0);
  return y instanceof Int32Array ? Int32Array.from(chosen) : Float64Array.from(chosen);
}

/** Files are often sorted by class, and then the first samples say little. */
function oneClassNote(all: Labels, chosen: Labels): string[] {
  const [label] = chosen;
  const same = chosen.length > 1 && chosen.every((other) => other === label);
  if (!same || all.every((other) => other === label)) return [];
  return [
    `All ${chosen.length} chosen samples have the label ${label}; --sample N takes a random choice.`,
  ];
}
