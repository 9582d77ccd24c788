/**
 * Honest success: candidates are moved into the set exactly (float64 distance on the stored array,
 * tolerance 0) and then answered by the original file. What it says is what counts; ties count as
 * broken.
 */
import type { Classifier } from '../runtime/classifier.ts';
import { answerFor, scoreMargin, scoreSize, shownAnswer } from '../runtime/judgement.ts';
import type { StepRounding } from '../threats/eight-bit.ts';
import type { Threat } from '../threats/threat.ts';
import type { Broken, Entry } from './ledger.ts';

/** Where eight bits lie around a candidate: the first that breaks the model counts. */
const ROUNDINGS: readonly StepRounding[] = ['inward', 'outward', 'nearest'];

/**
 * Judges one candidate per entry [entries × sampleSize]. Returns, for each entry, what broke it, or null
 * where the original file still answers right. In eight bits its neighbours are tried as well.
 */
export async function judgeCandidates(
  classifier: Classifier,
  threat: Threat,
  entries: readonly Entry[],
  candidates: Float32Array,
  radii: ArrayLike<number>,
): Promise<(Broken | null)[]> {
  const found: (Broken | null)[] = entries.map(() => null);
  for (const rounding of threat.grid ? ROUNDINGS : ROUNDINGS.slice(0, 1)) {
    const open = [...entries.keys()].filter((i) => !found[i]);
    if (open.length === 0) break;
    const own = open.flatMap((i) => entries[i] ?? []);
    const rounded = await judgeRounded(classifier, threat, own, {
      x: gather(candidates, open, classifier.sampleSize),
      radii: open.map((i) => radii[i] ?? 0),
      rounding,
    });
    open.forEach((i, at) => (found[i] = rounded[at] ?? null));
  }
  return found;
}

interface Candidates {
  readonly x: Float32Array;
  readonly radii: readonly number[];
  readonly rounding: StepRounding;
}

async function judgeRounded(
  classifier: Classifier,
  threat: Threat,
  entries: readonly Entry[],
  { x, radii, rounding }: Candidates,
): Promise<(Broken | null)[]> {
  const size = classifier.sampleSize;
  const distances = entries.map((entry, i) =>
    threat.legalise(entry.x, x.subarray(i * size, (i + 1) * size), radii[i] ?? 0, rounding),
  );
  const streams = entries.map(({ index }) => index);
  const judgement = await classifier.judge(x, streams);
  return entries.map((entry, i) => {
    entry.forwards++;
    const kept = classifier.kept(entry.label);
    if (answerFor(judgement, i, kept) === kept) return null;
    return {
      x: x.slice(i * size, (i + 1) * size),
      distance: distances[i] ?? Infinity,
      prediction: shownAnswer(judgement, i, kept),
      margin: scoreMargin(judgement, i, kept),
      size: scoreSize(judgement, i),
    };
  });
}

function gather(all: Float32Array, positions: readonly number[], size: number): Float32Array {
  const out = new Float32Array(positions.length * size);
  positions.forEach((from, to) => out.set(all.subarray(from * size, (from + 1) * size), to * size));
  return out;
}
