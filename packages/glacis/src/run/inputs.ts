/** The inputs of a run: read, brought into the model's shape, with labels that fit its outputs. */
import { type Classifier, rowSize, type Tensor } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { fitToModel } from '../data/fit.ts';
import { asFloat32, checkLabels, type Labels } from '../data/labels.ts';
import { labelsAsColumns } from '../data/model-classes.ts';
import type { Targets } from '../data/targets.ts';
import { type DataSet, readData } from '../data/read.ts';
import { UsageError } from '../errors.ts';
import { counted } from '../report/numbers.ts';

export interface Inputs {
  readonly path: string;
  readonly sha256: string;
  /** How many inputs the file holds. */
  readonly total: number;
  /** Positions in the file. */
  readonly indices: readonly number[];
  /** [samples, …], as the model takes them. */
  readonly x: Tensor<'float32'>;
  /** Classes, or targets of a regression; null: the model's own answers. */
  readonly y: Labels | null;
  /** The shape of one sample as it is in the file. */
  readonly storedShape: readonly number[];
  readonly eightBit: boolean;
  readonly isFolder: boolean;
  readonly featureNames: readonly string[] | null;
  readonly classNames: readonly string[] | null;
  readonly notes: readonly string[];
}

/** Reads what the flags choose. `targets`: where each input has its own. Throws UsageError. */
export async function loadInputs(
  path: string,
  values: OptionValues,
  classifier: Classifier,
  targets: Targets | null = null,
): Promise<Inputs> {
  const { x, y, scale, first, sample, index, seed = 0 } = values;
  const data = await readData(path, { x, y, scale, first, sample, index, seed });
  const fitted = fitToModel(data.x, classifier.sampleShape);
  const { criterion } = classifier;
  const labels = labelsAsColumns(data, classifier.classLabels);
  const isRegression = criterion.kind === 'error';
  if (labels.y && !isRegression) checkLabels(labels.y, classifier.labelled, data.indices);
  const targetsSeen = isRegression && labels.y ? asFloat32(labels.y, data.indices) : null;
  const inputs: Inputs = {
    path,
    sha256: data.sha256,
    total: data.total,
    indices: data.indices,
    x: fitted.x,
    y: targetsSeen?.y ?? (labels.y && Int32Array.from(labels.y)),
    storedShape: data.x.shape.slice(1),
    eightBit: data.eightBit,
    isFolder: data.names !== null,
    featureNames: data.featureNames,
    classNames: labels.classNames,
    notes: [...labels.notes, ...fitted.notes, ...unlabelled(data), ...(targetsSeen?.notes ?? [])],
  };
  if (targets) return withTargets(inputs, targets);
  if (criterion.kind !== 'target' || typeof criterion.class !== 'number') return inputs;
  return withoutClass(inputs, criterion.class);
}

/** Holds the targets against the inputs. Throws UsageError. */
function withTargets(inputs: Inputs, { where, classes, notes }: Targets): Inputs {
  const { path, total, y, indices } = inputs;
  if (classes.length !== total) {
    throw new UsageError(
      `--target ${where} holds ${counted(classes.length, 'target')} and ${path} ${counted(total, 'input')}; give one for each.`,
    );
  }
  const own = indices.findIndex((index, i) => y?.[i] === classes[index]);
  if (own >= 0) {
    throw new UsageError(
      `--target ${where}: the target of input ${indices[own]} is ${y?.[own]}, the class it has already; leave it out with --index, or give it another.`,
    );
  }
  return { ...inputs, notes: [...inputs.notes, ...notes] };
}

/** Inputs of the class that is aimed at have nowhere to go. */
function withoutClass(inputs: Inputs, wanted: number): Inputs {
  const { x, y, indices, path } = inputs;
  const kept = [...indices.keys()].filter((i) => y?.[i] !== wanted);
  if (!y || kept.length === indices.length) return inputs;
  if (kept.length === 0) {
    throw new UsageError(`All chosen inputs of ${path} are of class ${wanted} already.`);
  }
  const size = rowSize(x);
  const data = new Float32Array(kept.length * size);
  kept.forEach((from, to) => data.set(x.data.subarray(from * size, (from + 1) * size), to * size));
  const left = indices.length - kept.length;
  return {
    ...inputs,
    indices: kept.map((i) => indices[i] ?? i),
    x: { ...x, shape: [kept.length, ...x.shape.slice(1)], data },
    y: Int32Array.from(kept, (i) => y[i] ?? 0),
    notes: [
      ...inputs.notes,
      `${counted(left, 'input')} of class ${wanted} ${left === 1 ? 'is' : 'are'} left out.`,
    ],
  };
}

function unlabelled({ y, path }: DataSet): string[] {
  if (y) return [];
  return [`${path} has no labels: the model's own answers are what must not change.`];
}
