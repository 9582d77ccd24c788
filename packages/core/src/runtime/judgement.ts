/**
 * What the original file answers, as scores of which the kept one is ahead while nothing is broken. Ties count as broken; a row whose scores are not finite has no answer.
 * A randomised model is asked many times, and its scores are votes: it answers right where it does so in more
 * than half of the passes.
 */

import { strongest } from './criteria/misclassified.ts';
import type { Reading } from './criteria/view.ts';

export interface Judgement {
  /**
   * [rows × classes], float64: the file's scores (a single logit or probability stands beside its threshold);
   * of a randomised model, how many passes answer each class.
   */
  readonly scores: Float64Array;
  readonly classes: number;
  /** Class with the greatest score (the first of equals); −1 where a score is not finite. */
  readonly predictions: Int32Array;
  /** The file's own answers (classes, or values), where they are not `predictions`. */
  readonly answers?: Float64Array;
  /** How often the file was asked about each row. */
  readonly passes: number;
}

/** −1 unless `label` is strictly ahead of every other score: then its index; else the strongest rival. */
export function answerFor(judgement: Judgement, row: number, label: number): number {
  const { scores, classes, passes } = judgement;
  const at = row * classes;
  const own = scores[at + label] ?? Number.NaN;
  if (!Number.isFinite(own)) return -1;
  let rival = -1;
  let most = -Infinity;
  for (let k = 0; k < classes; k++) {
    const score = scores[at + k] ?? Number.NaN;
    if (!Number.isFinite(score)) return -1;
    if (k !== label && score > most) [rival, most] = [k, score];
  }
  const needed = passes === 1 ? most : Math.max(most, passes / 2);
  return own > needed ? label : rival;
}

/** z_label − max other score of one row; of a randomised model, in shares of the passes. */
export function scoreMargin(judgement: Judgement, row: number, label: number): number {
  const { scores, classes, passes } = judgement;
  let most = -Infinity;
  for (let k = 0; k < classes; k++) {
    const score = scores[row * classes + k] ?? Number.NaN;
    if (k !== label) most = score > most || Number.isNaN(score) ? score : most;
  }
  return ((scores[row * classes + label] ?? Number.NaN) - most) / passes;
}

/** The largest |score| of one row: what its rounding is relative to. */
export function scoreSize({ scores, classes }: Judgement, row: number): number {
  let most = 0;
  for (let k = 0; k < classes; k++) most = Math.max(most, Math.abs(scores[row * classes + k] ?? 0));
  return most;
}

/**
 * The answer to show for a row: at a tie that argmax would give to the label, the class it ties with; −1
 * where there is none.
 */
export function shownAnswer(judgement: Judgement, row: number, label: number): number {
  const { answers, predictions } = judgement;
  if (answers) return Number.isFinite(answers[row]) ? (answers[row] ?? -1) : -1;
  const prediction = predictions[row] ?? -1;
  return prediction === label ? answerFor(judgement, row, label) : prediction;
}

/** The file's own answer, whatever the label. */
export function ownAnswer({ answers, predictions }: Judgement, row: number): number {
  return (answers ?? predictions)[row] ?? -1;
}

/** The judgement of one pass over scores [rows × classes]. */
export function judgementOf({ scores, answers }: Reading, classes: number): Judgement {
  const predictions = Int32Array.from({ length: scores.length / classes }, (_, row) =>
    strongest(scores, row, classes),
  );
  return { scores, classes, predictions, passes: 1, ...(answers ? { answers } : {}) };
}

/** Votes of several passes; a pass without a finite answer votes for nothing. */
export function votes(judgements: readonly Judgement[]): Judgement {
  const [first] = judgements;
  if (!first) throw new RangeError('there is nothing to count');
  const { classes } = first;
  const scores = new Float64Array(first.scores.length);
  for (const { predictions } of judgements) {
    predictions.forEach((answer, row) => {
      if (answer >= 0) scores[row * classes + answer] = (scores[row * classes + answer] ?? 0) + 1;
    });
  }
  const answers = first.answers && mostFrequent(judgements.map((each) => each.answers ?? []));
  return {
    ...judgementOf({ scores, ...(answers && { answers }) }, classes),
    passes: judgements.length,
  };
}

/** Of each row, the answer that most of the passes give, the first of equals. */
function mostFrequent(passes: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(passes[0] ?? [], (_, row) => {
    const counts = new Map<number, number>();
    for (const answers of passes) {
      const answer = answers[row] ?? Number.NaN;
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    const [most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    return most;
  });
}
