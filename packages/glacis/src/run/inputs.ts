/** The inputs of a run: read, brought into the model's shape, with labels that fit its outputs. */
import type { Classifier, Tensor } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { fitToModel } from '../data/fit.ts';
import { checkLabels } from '../data/labels.ts';
import { labelsAsColumns } from '../data/model-classes.ts';
import { type DataSet, readData } from '../data/read.ts';

export interface Inputs {
  readonly path: string;
  readonly sha256: string;
  /** How many inputs the file holds. */
  readonly total: number;
  /** Positions in the file. */
  readonly indices: readonly number[];
  /** [samples, …], as the model takes them. */
  readonly x: Tensor<'float32'>;
  /** null: the model's own answers. */
  readonly y: Int32Array | null;
  /** The shape of one sample as it is in the file. */
  readonly storedShape: readonly number[];
  readonly eightBit: boolean;
  readonly isFolder: boolean;
  readonly featureNames: readonly string[] | null;
  readonly classNames: readonly string[] | null;
  readonly notes: readonly string[];
}

/** Reads what the flags choose. Throws UsageError. */
export async function loadInputs(
  path: string,
  values: OptionValues,
  classifier: Classifier,
): Promise<Inputs> {
  const { x, y, scale, first, sample, index, seed = 0 } = values;
  const data = await readData(path, { x, y, scale, first, sample, index, seed });
  const fitted = fitToModel(data.x, classifier.sampleShape);
  const labels = labelsAsColumns(data, classifier.classLabels);
  if (labels.y) checkLabels(labels.y, classifier.classes, data.indices);
  return {
    path,
    sha256: data.sha256,
    total: data.total,
    indices: data.indices,
    x: fitted.x,
    y: labels.y && Int32Array.from(labels.y),
    storedShape: data.x.shape.slice(1),
    eightBit: data.eightBit,
    isFolder: data.names !== null,
    featureNames: data.featureNames,
    classNames: labels.classNames,
    notes: [...labels.notes, ...fitted.notes, ...unlabelled(data)],
  };
}

function unlabelled({ y, path }: DataSet): string[] {
  if (y) return [];
  return [`${path} has no labels: the model's own answers are what must not change.`];
}
