/** The threat model that the flags describe, checked against the inputs. */
import { type Classifier, type NormName, Threat, type ThreatOptions } from '@glacis/core';
import type { OptionValues } from '../cli/options.ts';
import { UsageError } from '../errors.ts';
import { checkEightBit, checkInside, chooseClip } from './clip.ts';
import type { Inputs } from './inputs.ts';
import { featureScales } from './weights.ts';

export interface ChosenThreat {
  readonly threat: Threat;
  /** All radii that were asked for, ascending; ε is the largest. */
  readonly radii: readonly number[];
  readonly notes: readonly string[];
}

/** Throws UsageError. */
export async function chooseThreat(
  inputs: Inputs,
  values: OptionValues,
  classifier: Classifier,
): Promise<ChosenThreat> {
  const { norm = 'linf', radius = false, eightBit = false } = values;
  // Where the largest radius is asked for, verdicts are about the inputs themselves unless ε is given.
  const radii = values.eps ?? (radius ? [0] : undefined);
  const eps = radii?.at(-1);
  if (!radii || eps === undefined) {
    throw new UsageError('--eps is missing: how far may an input be changed? Write --eps 8/255.');
  }
  const { clip, notes } = chooseClip(inputs, values);
  const scales = await featureScales(inputs, values, classifier);
  const { weights, frozen } = scales;
  const threat = threatOf(norm, { eps, clip, weights, frozen, eightBit });
  checkInside(threat, inputs);
  checkEightBit(threat, inputs);
  return { threat, radii, notes: [...notes, ...scales.notes] };
}

function threatOf(norm: NormName, options: ThreatOptions): Threat {
  try {
    return new Threat(norm, options);
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`The threat is impossible: ${error.message}.`);
    throw error;
  }
}
