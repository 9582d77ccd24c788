/** The original file's word on rows: one pass, or the votes of many where it is randomised. */
import { ModelError } from '../onnx/model-error.ts';
import type { Classifier } from './classifier.ts';
import type { View } from './criteria/view.ts';
import { type Judgement, judgementOf, votes } from './judgement.ts';
import type { Original } from './original.ts';

/** Labels by the index of their input in the data: a class each, or a regression's target. */
export type Labels = ReadonlyMap<number, number>;

export function judgeWith(
  original: Original,
  view: View,
  passes: number,
  labels: Labels,
): Classifier['judge'] {
  const once = async (rows: Float32Array, streams: readonly number[], pass: number) => {
    const raw = await original.run(rows, streams, pass);
    if (raw.length !== streams.length * view.width) {
      throw new ModelError('invalid', "the model's output has an unexpected size");
    }
    const own = Float64Array.from(streams, (stream) => labels.get(stream) ?? Number.NaN);
    return judgementOf(view.read(raw, own, streams), view.classes);
  };
  return async (rows, streams) => {
    if (passes === 1) return once(rows, streams, 0);
    const all: Judgement[] = [];
    for (let pass = 0; pass < passes; pass++) all.push(await once(rows, streams, pass));
    return votes(all);
  };
}
