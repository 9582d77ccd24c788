/**
 * Honest success: candidates are moved into the set exactly (float64 distance on the stored array,
 * tolerance 0) and then answered by the original file. What it says is what counts; ties count as
 * broken.
 */
import type { Classifier } from '../runtime/classifier.ts';
import { answerFor, scoreMargin, scoreSize, shownAnswer } from '../runtime/judgement.ts';
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
    const kept = classifier.kept(entry.label);
    if (answerFor(judgement, i, kept) === kept) return null;
    return {
      x: candidates.slice(i * size, (i + 1) * size),
      distance: distances[i] ?? Infinity,
      prediction: shownAnswer(judgement, i, kept),
      margin: scoreMargin(judgement, i, kept),
      size: scoreSize(judgement, i),
    };
  });
}
