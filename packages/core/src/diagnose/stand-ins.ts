/** Models that stand in for the one that is diagnosed: distilled from it, or read so that its slopes show. */
import type { AttackContext } from '../attacks/attack.ts';
import { rowsOf } from '../audit/attack-stage.ts';
import type { Entry } from '../audit/ledger.ts';
import { endsFlat } from '../runtime/before-steps.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { openClassifier } from '../runtime/open-classifier.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { passedSteps } from '../transforms/straight-through.ts';
import { distil, openDistilled } from './surrogate.ts';

/** Passes over a randomised model that the adapted attack averages (Athalye et al. 2018 use 10 to 30). */
const PASSES = 10;

/** A regression has no classes to learn. */
export function canDistil({ criterion }: Classifier): boolean {
  return criterion.kind !== 'error';
}

export async function ownSurrogate(
  context: AttackContext,
  entries: readonly Entry[],
  runtime: Runtime,
  onProgress: (share: number) => void,
): Promise<Classifier> {
  const { classifier, threat } = context;
  const isPlain = classifier.criterion.kind === 'misclassified';
  // Other criteria see scores of their own; the file's are what a surrogate learns.
  const plain = isPlain ? classifier : await openClassifier(classifier.model, runtime);
  const radii = new Float64Array(entries.length).fill(threat.eps);
  try {
    const network = await distil({
      context: { ...context, classifier: plain.withLabels(classifier.labels) },
      runtime,
      rows: rowsOf(plain, entries, radii),
      onProgress,
    });
    return await openDistilled(network, runtime, classifier);
  } finally {
    if (!isPlain) await plain.release();
  }
}

/** Whether searches that pass steps straight through see another model. */
export function hasSteps(classifier: Classifier): boolean {
  const { model, input } = classifier;
  return passedSteps(model.graph, input).length > 0 || endsFlat(classifier);
}

/** The model with its steps passed straight through and its draws averaged; null where it has neither. */
export async function openAdapted(
  classifier: Classifier,
  runtime: Runtime,
): Promise<Classifier | null> {
  const { model, criterion } = classifier;
  const isRandom = model.random.length > 0;
  if (!isRandom && !hasSteps(classifier)) return null;
  const expectation = isRandom ? PASSES : 1;
  return openClassifier(model, runtime, { criterion, straightThrough: true, expectation });
}
