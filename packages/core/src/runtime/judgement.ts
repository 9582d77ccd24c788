/**
 * What the original file answers. Ties count as broken; a row whose scores are not finite has no answer.
 * A randomised model is asked many times, and its scores are votes: it answers right where it does so in more
 * than half of the passes.
 */

export interface Judgement {
  /**
   * [rows × classes], float64: the file's scores (a single logit or probability stands beside its threshold);
   * of a randomised model, how many passes answer each class.
   */
  readonly scores: Float64Array;
  readonly classes: number;
  /** Class with the greatest score (the first of equals); −1 where a score is not finite. */
  readonly predictions: Int32Array;
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

/** The judgement of one pass over scores [rows × classes]. */
export function judgementOf(scores: Float64Array, classes: number): Judgement {
  const rows = scores.length / classes;
  const predictions = Int32Array.from({ length: rows }, (_, row) =>
    strongest(scores, row, classes),
  );
  return { scores, classes, predictions, passes: 1 };
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
  return { ...judgementOf(scores, classes), passes: judgements.length };
}

function strongest(scores: Float64Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 0; k < classes; k++) {
    const score = scores[row * classes + k] ?? Number.NaN;
    if (!Number.isFinite(score)) return -1;
    if (score > (scores[row * classes + best] ?? 0)) best = k;
  }
  return best;
}
