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
  'noise-uniform': 'the same with uniform coordinates, scaled to ε',
  'noise-gaussian': 'the same with normal coordinates, scaled to ε',
  fgsm: 'one gradient step',
  'fgsm-rivals': 'one gradient step towards each rival class',
  pgd: 'projected gradient descent on cross-entropy, 40 steps',
  'pgd-margin': 'projected gradient descent on the margin, 20 steps',
  'pgd-ce': 'projected gradient descent on cross-entropy, 20 steps, two runs',
  'pgd-restarts': 'projected gradient descent on the margin, 40 steps, four runs',
  mpgd: 'gradient descent with momentum (MI-FGSM) on cross-entropy, 40 steps',
  'apgd-ce': 'Auto-PGD on cross-entropy, 100 steps',
  'apgd-dlr': 'Auto-PGD on the difference-of-logits ratio, 100 steps',
  'apgd-margin': 'Auto-PGD on the margin, 100 steps',
  'apgd-pm': 'Auto-PGD on the margin of probabilities, 100 steps',
  'apgd-t': 'Auto-PGD towards each of nine rival classes, 100 steps each',
  'apgd-wide': 'Auto-PGD on cross-entropy, drawn in from balls three and two times as wide',
  square: 'Square Attack: random squares judged by the scores alone, 5,000 queries',
  hopskipjump: 'HopSkipJump: the nearest break from decisions alone, 10,000 queries',
  fab: 'nearest break: onto the nearest linearised boundary, 30 steps (ℓ∞, ℓ2, ℓ1)',
  'fab-t': 'nearest break: the same towards each rival class, 100 steps (ℓ∞, ℓ2, ℓ1)',
  deepfool: 'nearest break: linearised boundaries until something breaks (ℓ∞, ℓ2)',
  cw: 'nearest break: Carlini and Wagner, 100 steps of Adam, five penalties (ℓ2)',
  ddn: 'nearest break: 100 steps on spheres that shrink and grow (ℓ2)',
  alma: 'nearest break: augmented Lagrangian, 1000 steps (ℓ2, ℓ1)',
  pdpgd: 'nearest break: primal-dual proximal gradient, 500 steps (ℓ1, ℓ0)',
  fmn: 'nearest break: 100 steps in balls that shrink and grow (ℓ∞, ℓ2, ℓ1, ℓ0)',
  'corner-search': 'fewest features, moved to the ends of their range by the scores alone (ℓ0)',
  'fmn-rounds':
    'nearest break: the same in three rounds from scattered points, towards rivals too (ℓ∞, ℓ2, ℓ1)',
};

/** Attacks that need another model, named by --surrogate. */
export const borrowing = {
  transfer: 'gradients of the --surrogate, every step tried on the model',
} as const;

export type Borrowing = keyof typeof borrowing;

export type MethodName = Cascade | AttackName | Borrowing;

export const methodNames = [
  ...Object.keys(cascades),
  ...Object.keys(attacks),
  ...Object.keys(borrowing),
] as MethodName[];
