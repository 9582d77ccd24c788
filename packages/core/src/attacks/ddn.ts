/**
 * Decoupling direction and norm (Rony et al. 2019), ℓ2: every step ends on a sphere, whose radius
 * shrinks by the same share while the walker stands on a break and grows while it does not. FMN is the
 * same search with a ball for the sphere, so the two share their walk.
 */
import type { Attack } from './attack.ts';
import { fmn } from './fmn.ts';

export interface DdnOptions {
  readonly steps: number;
}

export function ddn({ steps }: DdnOptions): Attack {
  return fmn({ id: 'ddn', steps, rounds: 1, rivals: 0, norms: ['l2'], sphere: true });
}
