/** What each command and method runs. */
import { type Attack, attackTable, defaultPlan, type Plan } from '@glacis/core';
import { type Cascade, cascades, type MethodName } from '../cli/methods.ts';

/** An audit, or the attacks asked for. */
export type Job = 'audit' | readonly MethodName[];

export interface JobPlan {
  readonly plan: Plan;
  /** Whether the radii of both sides are searched. */
  readonly radii: boolean;
  readonly proofs: boolean;
}

function isCascade(name: MethodName): name is Cascade {
  return name in cascades;
}

export function planOf(job: Job): JobPlan {
  const plan = defaultPlan();
  if (job === 'audit') return { plan, radii: true, proofs: true };
  const named = job.flatMap((name) =>
    isCascade(name) ? cascadeOf(plan, name) : attackTable[name],
  );
  const attacks = named.filter(({ side }) => side === 'attack');
  const noise = named.find(({ side }) => side === 'noise') ?? null;
  const chosen = { ...plan, attacks, noise: job.some(isCascade) ? plan.noise : noise };
  const minimum = job.includes('minimum');
  return { plan: minimum ? { ...chosen, ...CLOSE } : chosen, radii: minimum, proofs: false };
}

/** After a search for the nearest breaks, trying radii is for what it did not break. */
const CLOSE = { tolerance: 0.05, polish: [] } as const;

function cascadeOf(plan: Plan, name: Cascade): readonly Attack[] {
  switch (name) {
    case 'standard':
      return plan.attacks;
    case 'minimum':
      return [attackTable['fmn-rounds']];
    case 'fast':
      return plan.attacks.slice(0, 2);
  }
}
