/** Both ends of the margin of a few inputs, where nobody has asked for radii: what proofs are held against. */
import type { AttackContext } from '../attacks/attack.ts';
import type { Entry, Ledger } from '../audit/ledger.ts';
import { searchLowerRadius } from '../audit/lower-radius.ts';
import { defaultPlan } from '../audit/plan.ts';
import { searchUpperRadius } from '../audit/upper-radius.ts';
import { isProvable } from '../bounds/provable.ts';

/** Inputs, and how near to their ends brackets are searched. */
const [INPUTS, TOLERANCE] = [12, 0.05] as const;

/**
 * Searches the smallest broken radius and the largest proven one of the first inputs, by the attacks and bounds
 * that cost little; returns them, none where proofs say nothing about the model or were made before. Throws
 * Stopped, and ContradictionError where an attack succeeds inside a radius that is proven.
 */
export async function bracketSome(
  context: AttackContext,
  ledger: Ledger,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  const { classifier } = context;
  const { model } = classifier;
  const isKnown = entries.some(({ lowerMethod }) => lowerMethod !== null);
  if (isKnown || model.random.length > 0 || model.rounded) return [];
  if (!classifier.provable || !isProvable(model, 'float32')) return [];
  const chosen = entries.slice(0, INPUTS);
  const whole = defaultPlan();
  const proofs = whole.proofs.flatMap((proof) =>
    proof.tolerance === null || proof.bound.isDear(classifier)
      ? []
      : [{ ...proof, tolerance: TOLERANCE }],
  );
  const plan = { ...whole, proofs, polish: [], tolerance: TOLERANCE };
  const outOfTime = (): boolean => context.signal?.aborted === true;
  await searchUpperRadius({ context, ledger, plan, outOfTime }, chosen);
  await searchLowerRadius(context, ledger, chosen, { proofs, outOfTime });
  return chosen;
}
