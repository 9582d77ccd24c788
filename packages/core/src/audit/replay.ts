/**
 * Re-checks adversarial examples that somebody else made: the exact float64 distance to the clean
 * input, tolerance 0, and the original file's own answer. Nothing is moved or repaired; an example
 * beyond ε is reported as such, and still is an upper bound at its own distance.
 */
import type { Classifier } from '../runtime/classifier.ts';
import { answerFor, scoreMargin, scoreSize, shownAnswer } from '../runtime/judgement.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Threat } from '../threats/threat.ts';
import type { AuditData } from './data.ts';
import type { AuditPart } from './part.ts';
import { type Entry, Ledger } from './ledger.ts';
import { cleanEntries, labelsOf } from './stages.ts';

/**
 * What became of one example: it breaks the model inside ε; it is too far; it leaves the valid box or its
 * eight-bit values, changes a frozen feature or is not finite; the model withstands it; the clean input was wrong to
 * begin with; there was none for this input.
 */
export type ReplayOutcome =
  'broken' | 'too far' | 'invalid' | 'withstood' | 'misclassified' | 'absent';

export interface ReplayPart extends AuditPart {
  /** One per sample, in the order of `samples`. */
  readonly outcomes: readonly ReplayOutcome[];
  /** Distance of each example, Infinity where it is invalid, null where there is none. */
  readonly distances: readonly (number | null)[];
}

export interface ReplayOptions {
  readonly classifier: Classifier;
  readonly data: AuditData;
  /** One example for each sample of the data, of the input's shape; null where there is none. */
  readonly examples: readonly (Float32Array | null)[];
  readonly threat: Threat;
}

const METHOD = 'replay';

export async function replay(options: ReplayOptions): Promise<ReplayPart> {
  const { data, examples, threat } = options;
  const begun = Date.now();
  const classifier = options.classifier.withLabels(await labelsOf(options.classifier, data));
  const entries = await cleanEntries(classifier, data);
  const ledger = new Ledger(entries, threat, 'float32');
  const distances = entries.map((entry, i) => {
    const example = examples[i];
    return example ? exactDistance(threat, entry.x, example) : null;
  });
  const answers = await answersTo(classifier, entries, examples);
  const outcomes = entries.map((entry, i): ReplayOutcome => {
    const [x, distance, answer] = [examples[i], distances[i] ?? null, answers[i]];
    if (entry.wrong || entry.error !== null) return 'misclassified';
    if (!x || distance === null || !answer) return 'absent';
    entry.forwards++;
    if (distance === Infinity) return 'invalid';
    if (answer.broken) ledger.broken(entry, { x, distance, ...answer }, METHOD);
    if (distance > threat.eps) return 'too far';
    return answer.broken ? 'broken' : 'withstood';
  });
  const asked = entries.filter((_, i) => !['misclassified', 'absent'].includes(outcomes[i] ?? ''));
  const decided = outcomes.filter((outcome) => outcome === 'broken').length;
  const seconds = (Date.now() - begun) / 1000;
  if (asked.length > 0) {
    const cost = { forwards: asked.length, gradients: 0, seconds, decided };
    ledger.charge(METHOD, 'attack', asked, cost);
    ledger.standing(METHOD, entries.filter(isRight).length - decided);
  }
  return {
    samples: ledger.records(),
    whole: true,
    adversarial: entries.map(({ adversarial }) => adversarial),
    methods: ledger.methods(),
    notes: classifier.notes,
    seconds: { replay: seconds },
    outcomes,
    distances,
  };
}

const isRight = ({ wrong, error }: Entry): boolean => !wrong && error === null;

function exactDistance(threat: Threat, clean: Float32Array, x: Float32Array): number {
  const { grid } = threat;
  const isValid = x.every(
    (v, i) => Number.isFinite(v) && (v === clean[i] || !grid || grid.holds(v)),
  );
  return isValid ? threat.distance(clean, x) : Infinity;
}

interface Answer {
  readonly broken: boolean;
  readonly prediction: number;
  readonly margin: number;
  readonly size: number;
  readonly isFinite: boolean;
}

/** The original file's answer to each example, ties counting as broken. */
async function answersTo(
  classifier: Classifier,
  entries: readonly Entry[],
  examples: readonly (Float32Array | null)[],
): Promise<(Answer | null)[]> {
  const size = classifier.sampleSize;
  const rows: Tensor<'float32'>['data'] = new Float32Array(entries.length * size);
  entries.forEach((entry, i) => rows.set(examples[i] ?? entry.x, i * size));
  const streams = entries.map(({ index }) => index);
  const judgement = await classifier.judge(rows, streams);
  return entries.map(({ label }, i) => {
    if (!examples[i]) return null;
    const kept = classifier.kept(label);
    const answer = answerFor(judgement, i, kept);
    return {
      broken: answer !== kept,
      isFinite: answer >= 0,
      prediction: shownAnswer(judgement, i, kept),
      margin: scoreMargin(judgement, i, kept),
      size: scoreSize(judgement, i),
    };
  });
}
