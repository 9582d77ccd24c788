/** Which proofs about a model mean something at all. */
import type { Semantics } from '../audit/run.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { Model } from '../onnx/read.ts';

/** Whether a proof of these semantics would say something about the file. */
export function isProvable(model: Model, semantics: Semantics): boolean {
  try {
    requireProvable(model, semantics);
    return true;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

/**
 * Throws ModelError where a proof would say nothing about the file: what is proven about float32
 * arithmetic does not hold for one that computes in less.
 */
export function requireProvable(model: Model, semantics: Semantics): void {
  const { precision, rounded, random } = model;
  if (random.length > 0) {
    throw new ModelError('unsupported', 'the model is randomised: nothing is proven about it');
  }
  if (rounded) {
    throw new ModelError(
      'unsupported',
      'the model has double weights that float32 cannot hold, so that proofs would be about another network: convert it to float32 and prove that file, or leave the proofs out (glacis attack)',
    );
  }
  // Double arithmetic rounds less than float32's, for which everything is accounted.
  if (precision !== 'float16' || semantics === 'real') return;
  throw new ModelError(
    'unsupported',
    `the model computes in ${precision}, about which proofs under float32 semantics say nothing: use --semantics real, which proves over the real numbers, or leave the proofs out`,
  );
}
