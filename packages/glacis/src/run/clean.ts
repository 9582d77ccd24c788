/**
 * Clean accuracy before anything is attacked, and, where it is below one half, what is probably wrong:
 * a few readings of the same data are tried, since most such runs are a matter of scale or labels.
 */
import { type Classifier, cleanEntries, rowSize } from '@glacis/core';
import type { Inputs } from './inputs.ts';

export interface CleanCheck {
  readonly correct: number;
  readonly warning: string | null;
}

const TRIED_ROWS = 200;

export async function checkClean(classifier: Classifier, inputs: Inputs): Promise<CleanCheck> {
  if (classifier.criterion.kind !== 'misclassified') return checkUnbroken(classifier, inputs);
  const { x, y } = inputs;
  const count = inputs.indices.length;
  const { predictions } = await classifier.judge(x.data, inputs.indices);
  const right = (labelOf: (row: number) => number, answers = predictions): number =>
    answers.reduce((sum, answer, row) => sum + Number(answer >= 0 && answer === labelOf(row)), 0);
  if (!y) return { correct: predictions.filter((answer) => answer >= 0).length, warning: null };
  const correct = right((row) => y[row] ?? -1);
  if (2 * correct >= count) return { correct, warning: null };
  const clues: string[] = [];
  for (const offset of [1, -1]) {
    if (2 * right((row) => (y[row] ?? -1) + offset) > count) {
      clues.push(
        `the labels are off by one: with ${offset > 0 ? '1 added' : '1 taken away'} most are right`,
      );
    }
  }
  const rows = Math.min(count, TRIED_ROWS);
  for (const [meaning, reading] of readingsOf(inputs)) {
    const changed = reading(x.data.slice(0, rows * rowSize(x)));
    const answers = (await classifier.judge(changed, inputs.indices.slice(0, rows))).predictions;
    if (2 * right((row) => y[row] ?? -1, answers) > rows) clues.push(meaning);
  }
  const causes =
    clues.length > 0
      ? `It looks as if ${clues.join(', or ')}.`
      : 'Likely causes: the scale of the data (--scale 1/255 or 255), a normalisation that belongs to the model (--mean, --std), the order of colour channels, or labels numbered otherwise.';
  return {
    correct,
    warning: `Only ${correct} of ${count} inputs are classified correctly. ${causes}`,
  };
}

/** Under other criteria: how many inputs are there to be broken. */
async function checkUnbroken(classifier: Classifier, inputs: Inputs): Promise<CleanCheck> {
  const count = inputs.indices.length;
  const entries = await cleanEntries(classifier, inputs);
  const correct = entries.filter(({ wrong, error }) => !wrong && error === null).length;
  if (2 * correct >= count) return { correct, warning: null };
  const warning = `Only ${correct} of ${count} inputs are answered right and unbroken as they are; the others are not attacked.`;
  return { correct, warning };
}

type Reading = (data: Float32Array) => Float32Array;

/** Ways in which the same numbers might have been meant, each with what to do about it. */
function readingsOf({ x }: Inputs): [string, Reading][] {
  const [, channels = 0, ...rest] = x.shape;
  const plane = rest.reduce((product, dim) => product * dim, 1);
  const readings: [string, Reading][] = [
    [
      'the model expects 0…255: give --scale 255 (--scale 1 for uint8)',
      (data) => data.map((v) => v * 255),
    ],
    ['the model expects 0…1: give --scale 1/255', (data) => data.map((v) => v / 255)],
    [
      "the model expects ImageNet's normalisation: give --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
      (data) => normalised(data, plane, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ],
    ['the model expects −1…1: give --mean 0.5 --std 0.5', (data) => data.map((v) => 2 * v - 1)],
    ['the colour channels are in the reverse order', (data) => reversed(data, channels, plane)],
  ];
  return readings.filter((_, i) => (i !== 2 && i !== 4) || (channels === 3 && rest.length === 2));
}

function normalised(
  data: Float32Array,
  plane: number,
  mean: readonly number[],
  std: readonly number[],
): Float32Array {
  return data.map((value, i) => {
    const channel = Math.floor(i / plane) % mean.length;
    return (value - (mean[channel] ?? 0)) / (std[channel] ?? 1);
  });
}

function reversed(data: Float32Array, channels: number, plane: number): Float32Array {
  return data.map((_, i) => {
    const channel = Math.floor(i / plane) % channels;
    return data[i + (channels - 1 - 2 * channel) * plane] ?? 0;
  });
}
