/** What a model's answers look like from outside: scores, probabilities or answers; and whether they waver. */
import type { AttackContext } from '../attacks/attack.ts';
import { marginProgram } from '../attacks/programs.ts';
import { runRows } from '../runtime/rows.ts';
import { redrawnFeeds, sideFeeds } from '../runtime/side-inputs.ts';
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
