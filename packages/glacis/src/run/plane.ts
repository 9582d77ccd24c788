/**
 * For inputs of two features: the margin over the plane around one input, by the original file, with
 * the ball that ends at the nearest mistake known.
 */
import { type Classifier, row, type Run, scoreMargin } from '@glacis/core';
import type { PlanePicture } from '../report/input.ts';
import type { AdversarialInputs } from './adversarial.ts';
import type { Inputs } from './inputs.ts';

const RESOLUTION = 120;
/** Half the picture's width in radii of the ball. */
const SURROUNDINGS = 2.6;

/** null where the inputs are not points of a plane, or nothing was found to show. */
export async function planePicture(
  classifier: Classifier,
  run: Run,
  inputs: Inputs,
  adversarial: AdversarialInputs,
): Promise<PlanePicture | null> {
  const { weights, frozen, norm } = run.threat;
  // A weighted ball is no ball in the data's own units.
  if (classifier.sampleSize !== 2 || weights || frozen) return null;
  const known = run.samples
    .filter(({ upper, verdict }) => verdict !== 'misclassified' && upper !== null && upper > 0)
    .toSorted((a, b) => (a.upper ?? 0) - (b.upper ?? 0));
  // The median radius: neither on the boundary nor far from everything.
  const sample = known[Math.floor(known.length / 2)];
  const nearest = sample && adversarial.get(sample.index);
  if (!sample || !nearest) return null;
  const point = row(inputs.x, inputs.indices.indexOf(sample.index));
  const radius = sample.upper ?? 0;
  const [x = 0, y = 0] = point;
  const half = SURROUNDINGS * radius;
  const range = (centre: number): [number, number] => [centre - half, centre + half];
  const [first, second] = inputs.featureNames ?? [];
  return {
    xRange: range(x),
    yRange: range(y),
    resolution: RESOLUTION,
    margin: await marginGrid(classifier, [x, y], half, sample),
    point: [x, y],
    radius,
    norm,
    adversarial: [nearest[0] ?? 0, nearest[1] ?? 0],
    features: [first ?? 'feature 0', second ?? 'feature 1'],
    label: sample.label,
  };
}

async function marginGrid(
  classifier: Classifier,
  [x, y]: readonly [number, number],
  half: number,
  { label, index }: Run['samples'][number],
): Promise<Float32Array> {
  const count = RESOLUTION * RESOLUTION;
  const offset = (cell: number): number => half * (-1 + (2 * (cell + 0.5)) / RESOLUTION);
  const rows = new Float32Array(2 * count);
  for (let at = 0; at < count; at++) {
    rows[2 * at] = x + offset(at % RESOLUTION);
    rows[2 * at + 1] = y + offset(Math.floor(at / RESOLUTION));
  }
  const streams = new Array<number>(count).fill(index);
  const judgement = await classifier.withLabels(new Map([[index, label]])).judge(rows, streams);
  const kept = classifier.kept(label);
  return Float32Array.from({ length: count }, (_, at) => scoreMargin(judgement, at, kept));
}
