/**
 * Honest success: candidates are moved into the set exactly (float64 distance on the stored array,
 * tolerance 0) and then answered by the original file. What it says is what counts; ties count as
 * broken.
 */
import { leadProgram } from '../attacks/programs.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { answerFor, scoreMargin, scoreSize, shownAnswer } from '../runtime/judgement.ts';
import { runRows } from '../runtime/rows.ts';
import { networkFeeds } from '../threats/ball.ts';
import type { StepRounding } from '../threats/eight-bit.ts';
import { roundAlong } from '../threats/slope-rounding.ts';
import type { Threat } from '../threats/threat.ts';
import type { Broken, Entry } from './ledger.ts';

/** How far from the input, in distances of the candidate, steps to where the margin falls are looked for. */
const NEAR = [1.003, 1.01];

/** Moves a candidate of an entry, in place, to where it is judged; returns its distance. */
type Settle = (entry: Entry, x: Float32Array, radius: number) => number;

/**
 * Judges one candidate per entry [entries × sampleSize]. Returns, for each entry, what broke it, or null
 * where the original file still answers right. In eight bits its neighbours are tried as well
 * (inward, to where the margin falls, outward, nearest): the first that breaks the model counts.
 * `bySlope`: false of noise, which knows nothing of the model.
 */
export async function judgeCandidates(
  classifier: Classifier,
  threat: Threat,
  entries: readonly Entry[],
  candidates: Float32Array,
  radii: ArrayLike<number>,
  bySlope = true,
): Promise<(Broken | null)[]> {
  const size = classifier.sampleSize;
  const found: (Broken | null)[] = entries.map(() => null);
  const stillOpen = () => [...entries.keys()].filter((i) => !found[i]);
  const candidatesOf = (open: readonly number[]): Candidates => ({
    entries: open.flatMap((i) => entries[i] ?? []),
    x: gather(candidates, open, size),
    radii: open.map((i) => radii[i] ?? 0),
  });
  const judgeOpen = async (settle: Settle) => {
    const open = stillOpen();
    if (open.length === 0) return;
    const judged = await judgeSettled(classifier, candidatesOf(open), settle);
    open.forEach((i, at) => (found[i] = judged[at] ?? null));
  };
  const legal =
    (rounding: StepRounding): Settle =>
    (entry, x, radius) =>
      threat.legalise(entry.x, x, radius, rounding);
  await judgeOpen(legal('inward'));
  const { grid } = threat;
  if (!grid) return found;
  const slopes = new Map<Entry, Float32Array>();
  const open = bySlope ? stillOpen() : [];
  if (open.length > 0) {
    const all = await slopesAt(classifier, threat, candidatesOf(open));
    open.forEach((i, at) => {
      const entry = entries[i];
      if (entry) slopes.set(entry, all.subarray(at * size, (at + 1) * size));
    });
  }
  const along =
    (share: number | null): Settle =>
    (entry, x, radius) => {
      const near = share === null ? radius : share * threat.distance(entry.x, x);
      return roundAlong(threat, grid, entry.x, x, Math.min(radius, near), slopes.get(entry) ?? []);
    };
  // First little farther than the candidate, since the nearest break may be wanted.
  for (const share of bySlope ? NEAR : []) await judgeOpen(along(share));
  await judgeOpen(legal('outward'));
  await judgeOpen(legal('nearest'));
  if (bySlope) await judgeOpen(along(null));
  return found;
}

interface Candidates {
  readonly entries: readonly Entry[];
  readonly x: Float32Array;
  readonly radii: readonly number[];
}

/** How the strongest rival's lead rises at each candidate. */
async function slopesAt(
  classifier: Classifier,
  threat: Threat,
  { entries, x, radii }: Candidates,
): Promise<Float32Array> {
  const rows = {
    count: entries.length,
    x,
    labels: Int32Array.from(entries, ({ label }) => classifier.kept(label)),
    radii: Float64Array.from(radii),
    streams: entries.map(({ index }) => index),
  };
  const feeds = {
    ...networkFeeds({ classifier, threat }, rows),
    x: { data: x, shape: classifier.sampleShape },
    targets: { data: new Int32Array(rows.count).fill(-1), shape: [] },
  };
  const { gradient } = await runRows(classifier, await leadProgram(classifier), feeds, rows.count);
  for (const entry of entries) entry.gradients++;
  return gradient ?? new Float32Array(x.length);
}

async function judgeSettled(
  classifier: Classifier,
  { entries, x, radii }: Candidates,
  settle: Settle,
): Promise<(Broken | null)[]> {
  const size = classifier.sampleSize;
  const distances = entries.map((entry, i) =>
    settle(entry, x.subarray(i * size, (i + 1) * size), radii[i] ?? 0),
  );
  const streams = entries.map(({ index }) => index);
  const judgement = await classifier.judge(x, streams);
  return entries.map((entry, i) => {
    entry.forwards++;
    const kept = classifier.kept(entry.label);
    const answer = answerFor(judgement, i, kept);
    if (answer === kept) return null;
    return {
      x: x.slice(i * size, (i + 1) * size),
      distance: distances[i] ?? Infinity,
      prediction: shownAnswer(judgement, i, kept),
      margin: scoreMargin(judgement, i, kept),
      size: scoreSize(judgement, i),
      isFinite: answer >= 0,
    };
  });
}

function gather(all: Float32Array, positions: readonly number[], size: number): Float32Array {
  const out = new Float32Array(positions.length * size);
  positions.forEach((from, to) => out.set(all.subarray(from * size, (from + 1) * size), to * size));
  return out;
}
