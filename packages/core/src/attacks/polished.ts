/**
 * An attack and short steps of the model's own gradient from where it ended. A ripple misleads a long step and is
 * as smooth as anything to one much shorter than it: what a coarse view found is carried to the nearest top
 * (from coarse to fine, Blake & Zisserman 1987). Of a randomised model one pass has no tops to climb.
 */
import type { Rows } from '../threats/ball.ts';
import {
  type Attack,
  type AttackContext,
  type AttackOutcome,
  emptyOutcome,
  offer,
} from './attack.ts';
import { inputsAt, rowsAt } from './packing.ts';
import { pgd } from './pgd.ts';

/** Steps of each run, and the first of them in radii; they shrink to a twentieth. */
const [STEPS, FIRST_STEPS] = [20, [1 / 64, 1 / 256, 1 / 1024]] as const;

export function polished(attack: Attack): Attack {
  const runs = FIRST_STEPS.map((stepSize) =>
    pgd({ loss: 'margin', steps: STEPS, restarts: 1, stepSize }),
  );
  const own = (of: 'forwards' | 'gradients'): number =>
    runs.reduce((sum, { cost }) => sum + cost[of], attack.cost[of]);
  return {
    ...attack,
    cost: { forwards: own('forwards'), gradients: own('gradients') },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      await attack.run(context, rows, outcome);
      for (const fine of runs) await carriedOn(fine, context, rows, outcome);
      return outcome;
    },
  };
}

/** Runs an attack on the rows that stand, from their best candidates. */
async function carriedOn(
  fine: Attack,
  context: AttackContext,
  rows: Rows,
  outcome: AttackOutcome,
): Promise<void> {
  const { model, sampleSize: size } = context.classifier;
  const open = rows.streams.flatMap((_, row) => ((outcome.margins[row] ?? 0) > 0 ? [row] : []));
  if (open.length === 0 || model.random.length > 0) return;
  const starts = inputsAt(outcome.best, open, size);
  const found = await fine.run(context, { ...rowsAt(rows, open, size), starts });
  open.forEach((row, i) => {
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + (found.forwards[i] ?? 0);
    outcome.gradients[row] = (outcome.gradients[row] ?? 0) + (found.gradients[i] ?? 0);
    offer(outcome, row, found.margins[i] ?? Number.NaN, found.best, i, size);
  });
}
