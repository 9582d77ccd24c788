/**
 * Honest success: candidates are moved into the set exactly (float64 distance on the stored array,
 * tolerance 0) and then answered by the original file. What it says is what counts; ties count as
 * broken.
 */
import type { Classifier } from '../runtime/classifier.ts';
import { answerFor, type Judgement, scoreMargin, scoreSize } from '../runtime/judgement.ts';
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
  const size = classifier.sampleSize;
  const distances = entries.map((entry, i) =>
    threat.legalise(entry.x, candidates.subarray(i * size, (i + 1) * size), radii[i] ?? 0),
  );
  const streams = entries.map(({ index }) => index);
  const judgement = await classifier.judge(candidates, streams);
  return entries.map((entry, i) => {
    entry.forwards++;
    if (answerFor(judgement, i, entry.label) === entry.label) return null;
    return {
      x: candidates.slice(i * size, (i + 1) * size),
      distance: distances[i] ?? Infinity,
      prediction: rivalOf(judgement, i, entry.label),
      margin: scoreMargin(judgement, i, entry.label),
      size: scoreSize(judgement, i),
    };
  });
}

/** The answer to report: at a tie that argmax would give to the label, the class it ties with. */
function rivalOf(judgement: Judgement, row: number, label: number): number {
  const prediction = judgement.predictions[row] ?? -1;
  return prediction === label ? answerFor(judgement, row, label) : prediction;
}
