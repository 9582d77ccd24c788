/**
 * What `--method` of certify and bounds offers, in words. Types alone come from the library: the command
 * line must start without loading it.
 */
import type { BoundName } from '@glacis/core';

/** Bounds on margins as well as on outputs. */
export type ProofName = Exclude<BoundName, 'forward'>;

export const proofs: Readonly<Record<ProofName, string>> = {
  interval: 'box arithmetic: fastest, loosest',
  'crown-ibp': 'linear bounds backwards from the output, over intervals inside',
  crown: 'linear bounds backwards from the output and from every layer',
  'alpha-crown': 'the same with optimised slopes: tightest, slowest',
};

export const proofNames = Object.keys(proofs) as ProofName[];

/** Forward linear bounds are for few inputs and wide layers. */
export const boundNames: readonly BoundName[] = ['interval', 'forward', ...proofNames.slice(1)];

/** What certify offers besides. */
const others = {
  lipschitz:
    'how fast the margins can fall, from norms of the layers and from bounds on their gradients over the ball',
  bab: 'branch and bound, over boxes in ℓ∞ where few inputs vary, else over values inside: decides, and finds breaks',
  exact:
    'the margin itself, of small ReLU networks in ℓ∞ and ℓ1: as close as is asked for, dearest',
  smoothing:
    'another classifier, the model smoothed by noise: ℓ2, by sampling, right with probability',
} as const;

export type CertificateName = ProofName | keyof typeof others;

export const certificateNames = [
  ...Object.keys(proofs),
  ...Object.keys(others),
] as CertificateName[];
