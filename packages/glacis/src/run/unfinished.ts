/** Rows that the time did not suffice for: what is known of them without any stage. */
import {
  answerFor,
  type AuditPart,
  type Classifier,
  type SampleRecord,
  scoreMargin,
} from '@glacis/core';
import type { Block } from '../parallel/block.ts';

/** Records of a block that was not begun: the clean answer, and the verdict `timeout` if it is right. */
export async function unbegunRecords(
  classifier: Classifier,
  block: Block,
): Promise<SampleRecord[]> {
  const judgement = await classifier.judge(block.x.data, block.indices);
  return block.indices.map((index, i) => {
    const label = block.y ? (block.y[i] ?? 0) : (judgement.predictions[i] ?? -1);
    const prediction = answerFor(judgement, i, label);
    const finite = prediction >= 0;
    return {
      index,
      label,
      prediction,
      adversarialPrediction: null,
      verdict: !finite ? 'error' : prediction === label ? 'timeout' : 'misclassified',
      lower: null,
      lowerMethod: null,
      upper: null,
      upperMethod: null,
      marginLower: null,
      estimate: null,
      margin: finite ? scoreMargin(judgement, i, label) : null,
      noiseBroken: null,
      forwards: 1,
      gradients: 0,
      seconds: 0,
      error: finite ? null : 'the model gives a score that is not a finite number',
    };
  });
}

/** Whether nothing of the part was cut short. */
export function isComplete({ samples }: AuditPart): boolean {
  return samples.every(({ verdict }) => verdict !== 'timeout');
}
