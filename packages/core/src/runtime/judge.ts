/** The original file's word on rows: one pass, or the votes of many where it is randomised. */
import { ModelError } from '../onnx/model-error.ts';
import type { Classifier } from './classifier.ts';
import type { Head } from './heads.ts';
import { type Judgement, judgementOf, votes } from './judgement.ts';
import type { Original } from './original.ts';

export function judgeWith(original: Original, head: Head, passes: number): Classifier['judge'] {
  const once = async (rows: Float32Array, streams: readonly number[], pass: number) => {
    const raw = await original.run(rows, streams, pass);
    if (raw.length !== streams.length * (head.threshold === null ? head.classes : 1)) {
      throw new ModelError('invalid', "the model's output has an unexpected size");
    }
    return judgementOf(scoresOf(raw, head), head.classes);
  };
  return async (rows, streams) => {
    if (passes === 1) return once(rows, streams, 0);
    const all: Judgement[] = [];
    for (let pass = 0; pass < passes; pass++) all.push(await once(rows, streams, pass));
    return votes(all);
  };
}

/** A single score stands beside its threshold. */
function scoresOf(raw: Float64Array, { threshold }: Head): Float64Array {
  if (threshold === null) return raw;
  const scores = new Float64Array(2 * raw.length);
  raw.forEach((value, row) => scores.set([threshold, value], 2 * row));
  // Where the score is no number, neither is the threshold an answer.
  raw.forEach((value, row) => !Number.isFinite(value) && scores.fill(value, 2 * row, 2 * row + 2));
  return scores;
}
