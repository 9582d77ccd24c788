/** What every stage of an audit works with. */
import type { AttackContext } from '../attacks/attack.ts';
import type { Ledger } from './ledger.ts';
import type { Plan } from './plan.ts';

export interface Job {
  readonly context: AttackContext;
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly outOfTime: () => boolean;
}
