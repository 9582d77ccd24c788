/** Rows that the time did not suffice for: what is known of them without any stage. */
import { type Classifier, cleanEntries, type SampleRecord } from '@glacis/core';
import type { Block } from '../parallel/block.ts';

/** Records of a block that was not begun: the clean answer, and the verdict `timeout` if it is right. */
export async function unbegunRecords(
  classifier: Classifier,
  block: Block,
): Promise<SampleRecord[]> {
  const entries = await cleanEntries(classifier, block);
  return entries.map(({ index, label, target, prediction, wrong, margin, error }) => {
    return {
      index,
      label,
      target,
      prediction,
      adversarialPrediction: null,
      verdict: error !== null ? 'error' : wrong ? 'misclassified' : 'timeout',
      lower: null,
      lowerMethod: null,
      upper: null,
      upperMethod: null,
      marginLower: null,
      estimate: null,
      margin,
      noiseBroken: null,
      forwards: 1,
      gradients: 0,
      seconds: 0,
      error,
    };
  });
}
