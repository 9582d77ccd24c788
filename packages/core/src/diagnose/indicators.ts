/** The indicators, in the order in which they are reported: adding one is a file and a row here. */
import type { Indicator } from './indicator.ts';
import { adaptedBeatsPlain } from './indicators/adapted.ts';
import { boundGap } from './indicators/bound-gap.ts';
import { budgetNotConverged } from './indicators/budget.ts';
import { constantOutput } from './indicators/constant-output.ts';
import { curveNotMonotone } from './indicators/curve.ts';
import { slopesDisagree } from './indicators/finite-differences.ts';
import { gradientFreeBeatsGradient } from './indicators/gradient-free.ts';
import { hardOutput } from './indicators/hard-output.ts';
import { lossNotIncreasing } from './indicators/loss-path.ts';
import { noisyLoss } from './indicators/noisy-loss.ts';
import { oneStepBeatsIterative } from './indicators/one-step.ts';
import { insideProvenRadius } from './indicators/proven-radius.ts';
import { randomOutput } from './indicators/random-output.ts';
import { randomBeatsGradient } from './indicators/random-search.ts';
import { lossSaturates } from './indicators/saturation.ts';
import { steppedResponse } from './indicators/stepped-response.ts';
import { transferBeatsWhiteBox } from './indicators/transfer.ts';
import { unboundedAttackFails } from './indicators/unbounded.ts';
import { zeroGradient } from './indicators/zero-gradient.ts';

export const indicators: readonly Indicator[] = [
  insideProvenRadius,
  gradientFreeBeatsGradient,
  transferBeatsWhiteBox,
  adaptedBeatsPlain,
  oneStepBeatsIterative,
  randomBeatsGradient,
  unboundedAttackFails,
  curveNotMonotone,
  budgetNotConverged,
  zeroGradient,
  lossSaturates,
  slopesDisagree,
  noisyLoss,
  lossNotIncreasing,
  steppedResponse,
  randomOutput,
  hardOutput,
  constantOutput,
  boundGap,
];
