/** What each command and method runs. */
import { defaultPlan, type Plan } from '@glacis/core';

export type Job = 'audit' | 'standard' | 'fast' | 'noise' | 'fgsm' | 'pgd';

export interface JobPlan {
  readonly plan: Plan;
  /** Whether the radii of both sides are searched. */
  readonly radii: boolean;
  readonly proofs: boolean;
}

export function planOf(job: Job): JobPlan {
  const plan = defaultPlan();
  const attackAlone = (changes: Partial<Plan>): JobPlan => ({
    plan: { ...plan, ...changes },
    radii: false,
    proofs: false,
  });
  const only = (wanted: (id: string) => boolean): JobPlan =>
    attackAlone({ noise: null, attacks: plan.attacks.filter(({ id }) => wanted(id)) });
  switch (job) {
    case 'audit':
      return { plan, radii: true, proofs: true };
    case 'standard':
      return attackAlone({});
    case 'fast':
      return attackAlone({ attacks: plan.attacks.slice(0, 2) });
    case 'noise':
      return attackAlone({ attacks: [] });
    case 'fgsm':
      return only((id) => id === 'fgsm');
    case 'pgd':
      return only((id) => id.startsWith('pgd'));
  }
}
