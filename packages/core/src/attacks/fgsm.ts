/**
 * One gradient step (Goodfellow et al. 2015): the point of the ball where the loss, linearised at the
 * clean input, is largest. Exact for linear models in every norm, the valid box included.
 */
import { runRows } from '../runtime/rows.ts';
import { ballFeeds, networkFeeds } from '../threats/ball.ts';
import { type Attack, emptyOutcome } from './attack.ts';
import type { LossName } from './losses.ts';
import { jumpProgram, marginProgram } from './programs.ts';

export function fgsm(options: { readonly loss: LossName } = { loss: 'margin' }): Attack {
  return {
    id: 'fgsm',
    side: 'attack',
    aim: 'ball',
    cost: { forwards: 2, gradients: 1 },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const { classifier, threat, signal } = context;
      const ball = ballFeeds(context, rows, 'inward');
      const jump = await jumpProgram(classifier, threat, options.loss);
      const start = { ...ball, x: { data: rows.x, shape: classifier.sampleShape } };
      const { next } = await runRows(classifier, jump, start, rows.count, signal);
      if (!next) return outcome;
      const measure = await marginProgram(classifier);
      const feeds = {
        x: { data: next, shape: classifier.sampleShape },
        ...networkFeeds(context, rows),
      };
      const { margin } = await runRows(classifier, measure, feeds, rows.count, signal);
      outcome.best.set(next);
      outcome.margins.set(margin ?? []);
      margin?.forEach((value, row) => outcome.trace?.note(row, value));
      outcome.forwards.fill(2);
      outcome.gradients.fill(1);
      return outcome;
    },
  };
}
