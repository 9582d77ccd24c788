/** The box of valid inputs: as given, or what the data are known to be. Said either way. */
import { rowSize, type Threat } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { UsageError } from '../errors.ts';
import { layoutOf } from '../report/picture.ts';
import type { Inputs } from './inputs.ts';

export interface ChosenClip {
  readonly clip: readonly [number, number] | null;
  readonly notes: readonly string[];
}

/** What is known of the inputs that speaks for a range. */
type Ranged = Pick<Inputs, 'eightBit' | 'isFolder' | 'storedShape' | 'x'>;

export function chooseClip(inputs: Ranged, { clip, scale }: OptionValues): ChosenClip {
  if (clip !== undefined) return { clip, notes: [] };
  if (inputs.eightBit) {
    const ends = scale === undefined ? ([0, 1] as const) : eightBitEnds(scale);
    const note = `Inputs are kept within ${ends.join('…')}, the range of uint8 data (--clip changes it).`;
    return { clip: ends, notes: [note] };
  }
  const isImage =
    inputs.isFolder || (inputs.storedShape.length >= 2 && layoutOf(inputs.storedShape));
  if (isImage && inputs.x.data.every((value) => value >= 0 && value <= 1)) {
    return {
      clip: [0, 1],
      notes: ['Inputs are kept within 0…1, the range of these images (--clip changes it).'],
    };
  }
  const why = isImage ? ': these images go beyond 0…1' : '';
  return { clip: null, notes: [`Inputs may take any value${why} (--clip LO,HI bounds them).`] };
}

function eightBitEnds(scale: number): readonly [number, number] {
  const end = scale === 1 / 255 ? 1 : Math.fround(255 * scale);
  return end > 0 ? [0, end] : [end, 0];
}

/** Throws UsageError when an input lies outside the valid box itself. */
export function checkInside(threat: Threat, inputs: Inputs): void {
  const size = rowSize(inputs.x);
  for (let row = 0; row < inputs.indices.length; row++) {
    const sample = inputs.x.data.subarray(row * size, (row + 1) * size);
    const feature = threat.outside(sample);
    if (feature < 0) continue;
    const name = inputs.featureNames?.[feature] ?? `position ${feature}`;
    throw new UsageError(
      `Sample ${inputs.indices[row]} has ${sample[feature]} at ${name}, outside --clip ${threat.clip?.join(',')}; widen --clip, or scale the data with --scale.`,
    );
  }
}

/** Throws UsageError where inputs that are stored in eight bits hold other values. */
export function checkEightBit({ grid }: Threat, inputs: Inputs): void {
  if (!grid) return;
  const at = inputs.x.data.findIndex((value) => !grid.holds(value));
  if (at < 0) return;
  const sample = inputs.indices[Math.floor(at / rowSize(inputs.x))];
  throw new UsageError(
    `--eight-bit: sample ${sample} holds ${inputs.x.data[at]}, which is no multiple of 1/255 of the valid range; are --scale and --clip those of the pictures?`,
  );
}
