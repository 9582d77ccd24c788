/** Which proofs about a model mean something at all. */
import type { Semantics } from '../audit/run.ts';
import { ModelError } from '../onnx/model-error.ts';
import type { Model } from '../onnx/read.ts';

/**
 * Throws ModelError where a proof would say nothing about the file: what is proven about float32
 * arithmetic does not hold for one that computes in less.
 */
export function requireProvable({ precision }: Model, semantics: Semantics): void {
  if (precision === 'float32' || semantics === 'real') return;
  throw new ModelError(
    'unsupported',
    `the model computes in ${precision}, about which proofs under float32 semantics say nothing: use --semantics real, which proves over the real numbers, or leave the proofs out`,
  );
}
