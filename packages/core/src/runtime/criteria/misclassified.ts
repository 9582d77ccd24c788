/** Broken: another class is at least level with the label's. The scores are the file's own. */
import type { Head } from '../heads.ts';
import type { View } from './view.ts';

export function misclassified(head: Head): View {
  return {
    ...head,
    width: widthOf(head),
    labelled: head.classes,
    provable: true,
    kept: (label) => label,
    goal: null,
    read: (raw) => ({ scores: classScores(raw, head) }),
    mistaken: (answer, label) => answer !== label,
  };
}

/** Numbers a row of the file's output. */
export function widthOf({ threshold, classes }: Head): number {
  return threshold === null ? classes : 1;
}

/** A score for each class: a single one stands beside its threshold. */
export function classScores(raw: Float64Array, { threshold }: Head): Float64Array {
  if (threshold === null) return raw;
  const scores = new Float64Array(2 * raw.length);
  raw.forEach((value, row) => scores.set([threshold, value], 2 * row));
  // Where the score is no number, neither is the threshold an answer.
  raw.forEach((value, row) => !Number.isFinite(value) && scores.fill(value, 2 * row, 2 * row + 2));
  return scores;
}

/** Classes with the greatest score; −1 where a score is not finite. */
export function strongestClasses(scores: Float64Array, classes: number): Float64Array {
  return Float64Array.from({ length: scores.length / classes }, (_, row) =>
    strongest(scores, row, classes),
  );
}

export function strongest(scores: Float64Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 0; k < classes; k++) {
    const score = scores[row * classes + k] ?? Number.NaN;
    if (!Number.isFinite(score)) return -1;
    if (score > (scores[row * classes + best] ?? 0)) best = k;
  }
  return best;
}

/** One-hot rows of labels, for a GOAL. */
export function oneHotGoal(classes: number): NonNullable<View['goal']> {
  return {
    size: classes,
    row: (label) => Float32Array.from({ length: classes }, (_, k) => Number(k === label)),
  };
}
