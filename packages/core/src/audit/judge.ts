/**
 * Honest success: candidates are moved into the set exactly (float64 distance on the stored array,
 * tolerance 0) and then answered by the original file. What it says is what counts; ties count as
 * broken.
 */
import { answerFor, type Classifier, scoreMargin, scoreSize } from '../runtime/classifier.ts';
import type { Threat } from '../threats/threat.ts';
import type { Broken, Entry } from './ledger.ts';

/**
 * Judges one candidate per entry [entries × sampleSize]; candidates are changed in place. Returns,
 * for each entry, what broke it, or null where the original file still answers right.
 */
export async function judgeCandidates(
  classifier: Classifier,
  threat: Threat,
  entries: readonly Entry[],
  candidates: Float32Array,
  radii: ArrayLike<number>,
): Promise<(Broken | null)[]> {
  const { sampleSize: size, classes } = classifier;
  const distances = entries.map((entry, i) =>
    threat.legalise(entry.x, candidates.subarray(i * size, (i + 1) * size), radii[i] ?? 0),
  );
  const { scores, predictions } = await classifier.judge(candidates, entries.length);
  return entries.map((entry, i) => {
    entry.forwards++;
    if (answerFor(scores, i, classes, entry.label) === entry.label) return null;
    return {
      x: candidates.slice(i * size, (i + 1) * size),
      distance: distances[i] ?? Infinity,
      prediction: rivalOf(predictions[i] ?? -1, scores, i, classes, entry.label),
      margin: scoreMargin(scores, i, classes, entry.label),
      size: scoreSize(scores, i, classes),
    };
  });
}

/** The answer to report: at a tie that argmax would give to the label, the class it ties with. */
function rivalOf(
  prediction: number,
  scores: Float32Array,
  row: number,
  classes: number,
  label: number,
): number {
  return prediction === label ? answerFor(scores, row, classes, label) : prediction;
}
