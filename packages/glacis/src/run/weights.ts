/**
 * Features that do not move alike: how far each moves per unit of radius (--weights), and which
 * cannot move at all (--freeze).
 */
import { type Classifier, rowSize, sizeOf, type Tensor } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { fitToModel } from '../data/fit.ts';
import { readData } from '../data/read.ts';
import { parseIndexList } from '../data/select.ts';
import { openSource } from '../data/source.ts';
import { UsageError } from '../errors.ts';
import type { Inputs } from './inputs.ts';

export interface FeatureScales {
  readonly weights: Float32Array | null;
  readonly frozen: readonly number[] | null;
  readonly notes: readonly string[];
}

export async function featureScales(
  inputs: Inputs,
  values: OptionValues,
  classifier: Classifier,
): Promise<FeatureScales> {
  const chosen = values.freeze === undefined ? [] : frozenFeatures(values.freeze, inputs);
  const { weights, constant } =
    values.weights === undefined
      ? { weights: null, constant: [] }
      : values.weights === 'std'
        ? deviations(await wholeFile(inputs, values, classifier))
        : { weights: await fileWeights(values.weights, classifier), constant: [] };
  const still = constant.filter((feature) => !chosen.includes(feature));
  const frozen = [...chosen, ...still].sort((a, b) => a - b);
  const names = still.map((feature) => inputs.featureNames?.[feature] ?? `position ${feature}`);
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')}, …` : names.join(', ');
  return {
    weights,
    frozen: frozen.length > 0 ? frozen : null,
    notes: still.length > 0 ? [`Features that never vary are frozen: ${shown}.`] : [],
  };
}

/** Names of columns, or positions and ranges, separated by commas. */
function frozenFeatures(list: string, { featureNames, x }: Inputs): number[] {
  const size = rowSize(x);
  const features = list.split(',').flatMap((piece) => {
    const part = piece.trim();
    const named = featureNames?.indexOf(part) ?? -1;
    if (named >= 0) return [named];
    if (!/^\d/.test(part)) {
      const known = featureNames
        ? `the columns are ${featureNames.join(', ')}`
        : 'these data have no column names: give positions';
      throw new UsageError(`--freeze ${list}: there is no column ${part}; ${known}.`);
    }
    return parseIndexList(part, size, '--freeze (features)');
  });
  return [...new Set(features)];
}

/** All samples of the file, since a few chosen ones say little about a feature's spread. */
async function wholeFile(
  inputs: Inputs,
  { x, y, scale }: OptionValues,
  classifier: Classifier,
): Promise<Tensor<'float32'>> {
  const data = await readData(inputs.path, { x, y, scale });
  return fitToModel(data.x, classifier.sampleShape).x;
}

/** Population standard deviations, in two passes of float64; features without one get 1. */
function deviations(x: Tensor<'float32'>): { weights: Float32Array; constant: number[] } {
  const size = rowSize(x);
  const count = x.shape[0] ?? 0;
  const mean = new Float64Array(size);
  const square = new Float64Array(size);
  x.data.forEach((value, i) => (mean[i % size] = (mean[i % size] ?? 0) + value / count));
  x.data.forEach((value, i) => {
    square[i % size] = (square[i % size] ?? 0) + (value - (mean[i % size] ?? 0)) ** 2 / count;
  });
  const weights = Float32Array.from(square, Math.sqrt);
  const constant = [...weights.keys()].filter((i) => !((weights[i] ?? 0) > 1e-12));
  for (const feature of constant) weights[feature] = 1;
  return { weights, constant };
}

async function fileWeights(path: string, classifier: Classifier): Promise<Float32Array> {
  const source = await openSource(path, { y: 'none' });
  const { stored } = await source.load([]);
  const numbers = Float32Array.from({ length: sizeOf(stored.shape) }, (_, i) =>
    Number(stored.data[i]),
  );
  const { sampleSize, sampleShape } = classifier;
  if (numbers.length !== sampleSize) {
    throw new UsageError(
      `--weights ${path} holds ${numbers.length} numbers, and the model takes ${sampleSize} features: one positive number for each is needed.`,
    );
  }
  const bad = numbers.findIndex((value) => !(value > 0) || !Number.isFinite(value));
  if (bad >= 0) {
    throw new UsageError(
      `--weights ${path} has ${numbers[bad]} at position ${bad}; weights are positive: --freeze features that cannot change.`,
    );
  }
  // Given in the layout of the data, channels last for instance, they move as the data do.
  const shape =
    stored.shape[0] === 1 || stored.shape.length === 1 ? stored.shape : [1, ...stored.shape];
  const rows = shape.length === 1 ? [1, ...sampleShape] : shape;
  return fitToModel({ type: 'float32', shape: rows, data: numbers }, sampleShape).x.data;
}
