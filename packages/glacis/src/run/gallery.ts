/** Which broken inputs the report shows: the nearest ones of every class, turn by turn. */
import type { Run, SampleRecord, Tensor } from '@glacis/core';
import { NON_FINITE, row } from '@glacis/core';
import type { GalleryItem } from '../report/input.ts';
import type { AdversarialInputs } from './adversarial.ts';

const MOST = 12;

export function chooseGallery(
  run: Run,
  x: Tensor<'float32'>,
  indices: readonly number[],
  adversarial: AdversarialInputs,
): GalleryItem[] {
  const positions = new Map(indices.map((index, position) => [index, position]));
  const broken = run.samples.filter(({ verdict }) => verdict === 'falsified');
  return inTurns(broken)
    .slice(0, MOST)
    .flatMap((sample) => {
      const position = positions.get(sample.index);
      const found = adversarial.get(sample.index);
      if (position === undefined || !found) return [];
      return [
        {
          index: sample.index,
          label: sample.label,
          prediction: sample.prediction,
          adversarialPrediction:
            sample.upperMethod === NON_FINITE ? 'not finite' : sample.adversarialPrediction,
          distance: sample.upper ?? Infinity,
          method: sample.upperMethod ?? '',
          original: row(x, position).slice(),
          adversarial: found,
          shape: x.shape.slice(1),
          clip: run.threat.clip,
        },
      ];
    });
}

/** The nearest of each class, then the second nearest of each, … */
function inTurns(samples: readonly SampleRecord[]): SampleRecord[] {
  const seen = new Map<number, number>();
  return samples
    .toSorted((a, b) => (a.upper ?? 0) - (b.upper ?? 0))
    .map((sample) => {
      const turn = seen.get(sample.label) ?? 0;
      seen.set(sample.label, turn + 1);
      return { sample, turn };
    })
    .toSorted((a, b) => a.turn - b.turn || a.sample.label - b.sample.label)
    .map(({ sample }) => sample);
}
