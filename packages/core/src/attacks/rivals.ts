/**
 * One gradient step towards each rival class, strongest first: the nearest boundary need not be that
 * of the runner-up. Exact for linear models with any number of classes, the valid box included.
 */
import { type RowResults, runRows } from '../runtime/rows.ts';
import { ballFeeds, networkFeeds, type Rows } from '../threats/ball.ts';
import { type Attack, type AttackContext, emptyOutcome } from './attack.ts';
import { marginProgram, targetedJumpProgram } from './programs.ts';
import { rankedRivals } from './rank.ts';

export interface RivalsOptions {
  /** At most this many rivals are tried. */
  readonly most: number;
}

export function rivals({ most }: RivalsOptions): Attack {
  return {
    id: 'fgsm-rivals',
    side: 'attack',
    aim: 'ball',
    cost: { forwards: 2 + most, gradients: most },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const order = await rankedRivals(context, rows);
      const tries = Math.min(most, context.classifier.classes - 1);
      const chosen = await bestLinearised(context, rows, order, tries);
      const { margin } = await measure(context, rows, chosen);
      outcome.best.set(chosen);
      outcome.margins.set(margin ?? []);
      margin?.forEach((value, row) => outcome.trace?.note(row, value));
      outcome.forwards.fill(2 + tries);
      outcome.gradients.fill(tries);
      return outcome;
    },
  };
}

function measure(context: AttackContext, rows: Rows, x: Float32Array): Promise<RowResults> {
  const { classifier, signal } = context;
  const feeds = {
    x: { data: x, shape: classifier.sampleShape },
    ...networkFeeds(context, rows),
  };
  return marginProgram(classifier).then((program) =>
    runRows(classifier, program, feeds, rows.count, signal),
  );
}

/** For each row the step whose linearised margin is least among the rivals'. */
async function bestLinearised(
  context: AttackContext,
  rows: Rows,
  order: readonly (readonly number[])[],
  tries: number,
): Promise<Float32Array> {
  const { classifier, threat, signal } = context;
  const size = classifier.sampleSize;
  const program = await targetedJumpProgram(classifier, threat);
  const ball = ballFeeds(context, rows, 'inward');
  const chosen = rows.x.slice();
  const least = new Float64Array(rows.count).fill(Infinity);
  for (let rank = 0; rank < tries; rank++) {
    const feeds = {
      ...ball,
      x: { data: rows.x, shape: classifier.sampleShape },
      targets: { data: Int32Array.from(order, (ranked) => ranked[rank] ?? 0), shape: [] },
    };
    const { next, predicted } = await runRows(classifier, program, feeds, rows.count, signal);
    if (!next) return chosen;
    for (let row = 0; row < rows.count; row++) {
      const value = predicted?.[row] ?? Infinity;
      if (!(value < (least[row] ?? Infinity))) continue;
      least[row] = value;
      chosen.set(next.subarray(row * size, (row + 1) * size), row * size);
    }
  }
  return chosen;
}
