/** What a model's answers look like from outside: scores, probabilities or answers; whether they change, and whether they waver. */
import type { AttackContext } from '../attacks/attack.ts';
import { marginProgram } from '../attacks/programs.ts';
import { boxReach } from '../attacks/unbounded.ts';
import { runRows } from '../runtime/rows.ts';
import { redrawnFeeds, sideFeeds } from '../runtime/side-inputs.ts';
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import type { Evidence } from './evidence.ts';

/** How far a sum of float32 probabilities may be off 1. */
const SUM_ERROR = 1e-3;

/** Of the original file's scores at the inputs themselves. */
export async function outputOf(
  { classifier }: AttackContext,
  rows: Rows,
): Promise<Evidence['output']> {
  const { scores, classes, passes } = await classifier.judge(rows.x.slice(), rows.streams);
  // Votes and the views of other criteria say nothing about the file's own scores.
  if (passes > 1 || rows.count === 0 || classifier.criterion.kind !== 'misclassified') {
    return 'scores';
  }
  const all = rows.streams.map((_, row) => scores.subarray(row * classes, (row + 1) * classes));
  const isAnswer = (row: Float64Array): boolean =>
    row.every((score) => score === 0 || score === 1) && sum(row) === 1;
  const isProbability = (row: Float64Array): boolean =>
    row.every((score) => score >= 0 && score <= 1) && Math.abs(sum(row) - 1) < SUM_ERROR;
  if (all.every(isAnswer)) return 'answers';
  return all.every(isProbability) ? 'probabilities' : 'scores';
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** Points drawn for each input from all that is valid. */
const FAR_POINTS = 4;
const FAR_DRAW = 0x54000;

/** Whether the file's scores are the same at all of the inputs and at points all over the valid box. */
export async function isConstant(
  { classifier, threat, seed }: AttackContext,
  rows: Rows,
): Promise<boolean> {
  if (rows.count === 0 || classifier.model.random.length > 0) return false;
  const size = classifier.sampleSize;
  const { scores, classes } = await classifier.judge(rows.x.slice(), rows.streams);
  const first = scores.slice(0, classes);
  const isSame = (all: Float64Array): boolean =>
    all.every((score, k) => score === first[k % classes]);
  if (!isSame(scores)) return false;
  const whole = threat.at(threat.eps, 'linf');
  for (let draw = 0; draw < FAR_POINTS; draw++) {
    const far = new Float32Array(rows.x.length);
    rows.streams.forEach((stream, row) => {
      const centre = rows.x.subarray(row * size, (row + 1) * size);
      const place = far.subarray(row * size, (row + 1) * size);
      const random = new RandomBlock(seed, stream, FAR_DRAW + draw);
      whole.sample(centre, boxReach(whole, centre), random, place);
    });
    if (!isSame((await classifier.judge(far, rows.streams)).scores)) return false;
  }
  return true;
}

/** Single passes that are held against each other. */
const PASSES = 4;

/** Whether single passes of a randomised model see different margins, by input; null: it draws nothing. */
export async function waveringOf(context: AttackContext, rows: Rows): Promise<boolean[] | null> {
  const { classifier, signal } = context;
  if (classifier.model.random.length === 0) return null;
  const program = await marginProgram(classifier);
  const wavers = rows.streams.map(() => false);
  let first: Float32Array | undefined;
  for (let pass = 0; pass < PASSES; pass++) {
    const feeds = {
      labels: { data: rows.labels, shape: [] },
      ...redrawnFeeds(classifier.sides, rows.streams, classifier.expectation ?? 1),
      ...sideFeeds(classifier.sides, rows.streams, pass),
      x: { data: rows.x, shape: classifier.sampleShape },
    };
    const { margin } = await runRows(classifier, program, feeds, rows.count, signal);
    first ??= margin;
    margin?.forEach((value, row) => (wavers[row] ||= value !== first?.[row]));
  }
  return wavers;
}
