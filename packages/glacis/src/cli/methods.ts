/**
 * What `--method` offers, in words. Types alone come from the library: the command line must start
 * without loading it.
 */
import type { AttackName } from '@glacis/core';

/** Several attacks, each on what the ones before it left standing. */
export const cascades = {
  standard: 'the cascade of all attacks of an audit',
  fast: 'a first look in seconds',
  minimum: 'the nearest break of every input',
} as const;

export type Cascade = keyof typeof cascades;

export const attacks: Readonly<Record<AttackName, string>> = {
  noise: 'random perturbations, the worst of ten',
  fgsm: 'one gradient step',
  'fgsm-rivals': 'one gradient step towards each rival class',
  pgd: 'projected gradient descent on cross-entropy, 40 steps',
  'pgd-margin': 'projected gradient descent on the margin, 20 steps',
  'pgd-ce': 'projected gradient descent on cross-entropy, 20 steps, two runs',
  'pgd-restarts': 'projected gradient descent on the margin, 40 steps, four runs',
  fab: 'nearest break: onto the nearest linearised boundary, 30 steps (ℓ∞, ℓ2, ℓ1)',
  'fab-t': 'nearest break: the same towards each rival class, 100 steps (ℓ∞, ℓ2, ℓ1)',
  deepfool: 'nearest break: linearised boundaries until something breaks (ℓ∞, ℓ2)',
  cw: 'nearest break: Carlini and Wagner, 100 steps of Adam, five penalties (ℓ2)',
  ddn: 'nearest break: 100 steps on spheres that shrink and grow (ℓ2)',
  fmn: 'nearest break: 100 steps in balls that shrink and grow (ℓ∞, ℓ2, ℓ1)',
  'fmn-rounds': 'nearest break: the same in three rounds from scattered points, towards rivals too',
};

export type MethodName = Cascade | AttackName;

export const methodNames = [...Object.keys(cascades), ...Object.keys(attacks)] as MethodName[];
