/** What `glacis harden` offers, in words; types alone come from the library, as start-up counts. */
import type { LinearLossName, OptimiserName, ScheduleName, TrainingMethodName } from '@glacis/core';

export const trainings: Readonly<Record<TrainingMethodName, string>> = {
  natural: 'ordinary training, to compare with',
  adversarial: 'on what 7 steps of projected gradient descent make of the inputs',
  fast: 'the same with one step from a random point',
  trades: 'the inputs as they are, and the divergence of the answers around them',
  noise: 'inputs with Gaussian noise of σ = ε, for --method smoothing',
  ibp: 'the worst that interval bounds allow',
  'crown-ibp': 'the worst that backward linear bounds over intervals allow',
  lipschitz:
    'linear models: the best one of its Lipschitz constant, certified; all others, in l2: 1-Lipschitz by almost orthogonal weights',
};

export const trainingNames = Object.keys(trainings) as TrainingMethodName[];

export const optimiserNames = ['adamw', 'sgd'] as const satisfies readonly OptimiserName[];

export const linearLossNames = [
  'logistic',
  'squared',
  'hinge',
] as const satisfies readonly LinearLossName[];

export const scheduleNames = [
  'one-cycle',
  'cosine',
  'step',
] as const satisfies readonly ScheduleName[];
