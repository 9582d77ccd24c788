/**
 * What a threat to tabular data adds to the data: how far one unit of ε goes in each feature
 * (`--weights`) and which features no attacker can change (`--freeze`).
 */

import { rowSize } from '@glacis/core';
import type { Tensor } from '@glacis/core';
import { UsageError, messageOf } from '../errors.ts';
import type { StoredArray } from './array.ts';
import { numberOf } from './csv-dialect.ts';
import { readFileBytes } from './file.ts';
import { parseNpy } from './npy.ts';
import { parseIndexList } from './select.ts';

export interface FeatureWeights {
  /** Positive, one for each feature in C order; 1 where the feature is in `frozen`. */
  readonly weights: Float32Array;
  /** Features without spread under 'std', which have no unit and cannot be perturbed. */
  readonly frozen: number[];
  readonly notes: string[];
}

/**
 * `spec` is 'std' — the standard deviation of each feature over the given data, in float64, divided
 * by the number of samples — or a .npy, .csv or .json file of one positive number for each feature,
 * or undefined (null is returned: all alike). Throws UsageError.
 */
export async function featureWeights(
  spec: string | undefined,
  x: Tensor<'float32'>,
): Promise<FeatureWeights | null> {
  if (spec === undefined) return null;
  const features = rowSize(x);
  if (spec === 'std') return fromSpread(x, features);
  const values = await readWeights(spec);
  if (values.length !== features) {
    throw new UsageError(
      `${spec} holds ${values.length} weights but the data have ${features} features.`,
    );
  }
  const weights = Float32Array.from(values);
  const bad = weights.findIndex((weight) => !(weight > 0 && weight < Infinity));
  if (bad >= 0) {
    throw new UsageError(
      `${spec} gives feature ${bad} the weight ${values[bad]}; weights are positive: freeze a feature with --freeze.`,
    );
  }
  return { weights, frozen: [], notes: [] };
}

/**
 * The features of a list such as "age,3,5-7": names where they match, otherwise positions from 0.
 * Ascending, each once. Throws UsageError on what matches neither.
 */
export function frozenFeatures(
  list: string,
  featureNames: readonly string[] | null,
  features: number,
): number[] {
  const chosen = new Set<number>();
  for (const part of list.split(',').map((piece) => piece.trim())) {
    const named = (featureNames ?? []).flatMap((name, i) => (name === part ? [i] : []));
    if (named.length === 0 && !/^\d+(\s*-\s*\d+)?$/.test(part)) {
      const known = featureNames
        ? `the features are ${featureNames.slice(0, 20).join(', ')}${featureNames.length > 20 ? ', …' : ''}`
        : 'the data give no names: write positions from 0';
      throw new UsageError(`--freeze: there is no feature "${part}"; ${known}.`);
    }
    const found = named.length > 0 ? named : parseIndexList(part, features, '--freeze');
    for (const feature of found) chosen.add(feature);
  }
  return [...chosen].sort((a, b) => a - b);
}

function fromSpread(x: Tensor<'float32'>, features: number): FeatureWeights {
  const samples = x.shape[0] ?? 0;
  const mean = new Float64Array(features);
  const square = new Float64Array(features);
  // Two passes: subtracting the mean first keeps large offsets from cancelling.
  x.data.forEach((value, i) => (mean[i % features] = (mean[i % features] ?? 0) + value / samples));
  x.data.forEach((value, i) => {
    const distance = value - (mean[i % features] ?? 0);
    square[i % features] = (square[i % features] ?? 0) + distance ** 2 / samples;
  });
  const constant = constantFeatures(x, features);
  const weights = Float32Array.from(square, (sum) => Math.sqrt(sum));
  const frozen: number[] = [];
  weights.forEach((weight, i) => {
    if (weight > 0 && !constant.has(i)) return;
    frozen.push(i);
    weights[i] = 1;
  });
  if (frozen.length === features) {
    throw new UsageError(
      '--weights std: no feature varies over the chosen samples; choose more samples, or give the weights in a file.',
    );
  }
  const list = `${frozen.slice(0, 20).join(', ')}${frozen.length > 20 ? ', …' : ''}`;
  const note = `${frozen.length} features do not vary over the samples and are frozen: ${list}.`;
  return { weights, frozen, notes: frozen.length > 0 ? [note] : [] };
}

/** Features with one value; found by comparison, since a rounded mean can leave a tiny spread. */
function constantFeatures(x: Tensor<'float32'>, features: number): Set<number> {
  const constant = new Set(Array.from({ length: features }, (_, i) => i));
  x.data.forEach((value, i) => {
    if (value !== x.data[i % features]) constant.delete(i % features);
  });
  return constant;
}

async function readWeights(path: string): Promise<number[]> {
  const { bytes } = await readFileBytes(path);
  if (/\.npy$/i.test(path)) return listOf(parseNpy(bytes, path));
  if (/\.json$/i.test(path)) return parseJson(Buffer.from(bytes).toString('utf8'), path);
  if (!/\.(csv|txt)$/i.test(path)) {
    throw new UsageError(`--weights ${path} is neither std nor a .npy, .csv or .json file.`);
  }
  const cells = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  return cells.split(/[\s,;]+/).map((cell) => {
    const value = numberOf(cell);
    if (Number.isNaN(value))
      throw new UsageError(`${path} holds "${cell.slice(0, 40)}", not a number.`);
    return value;
  });
}

function listOf(stored: StoredArray): number[] {
  return Array.from({ length: stored.data.length }, (_, i) => Number(stored.data[i]));
}

function parseJson(text: string, path: string): number[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${messageOf(error)}.`);
  }
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
  throw new UsageError(`${path} must be a JSON list of numbers, one for each feature.`);
}
