/**
 * What `--method` of certify and bounds offers, in words. Types alone come from the library: the command
 * line must start without loading it.
 */
import type { BoundName } from '@glacis/core';

export const proofs: Readonly<Record<BoundName, string>> = {
  interval: 'box arithmetic: fastest, loosest',
  'crown-ibp': 'linear bounds backwards from the output, over intervals inside',
  crown: 'linear bounds backwards from the output and from every layer',
  'alpha-crown': 'the same with optimised slopes: tightest, slowest',
};

export const proofNames = Object.keys(proofs) as BoundName[];
