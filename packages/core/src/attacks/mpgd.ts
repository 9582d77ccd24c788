/**
 * Projected gradient descent with momentum (Dong et al. 2018, MI-FGSM): every step follows the sum of
 * all gradients so far, each scaled to mean magnitude 1 and fading by the decay. Rows leave the batch
 * as soon as their margin is not positive.
 */
import { Builder } from '../graph/builder.ts';
import { elementCount } from '../graph/dimension.ts';
import type { Graph } from '../graph/graph.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { type RowFeed, runRows } from '../runtime/rows.ts';
import { ballFeeds, ballInputs, networkFeeds, threatKey } from '../threats/ball.ts';
import { step } from '../threats/set-graph.ts';
import type { Threat } from '../threats/threat.ts';
import { gradientWith } from '../transforms/gradient.ts';
import { marginOf } from '../transforms/margin.ts';
import { type Attack, emptyOutcome, offer } from './attack.ts';
import { type LossName, losses } from './losses.ts';
import { column, owned, pack } from './packing.ts';
import { marginProgram, networkOver } from './programs.ts';

export interface MpgdOptions {
  readonly id: string;
  readonly loss: LossName;
  readonly steps: number;
  /** Share of the sum that is carried on. */
  readonly decay?: number;
  /** In units of ε; by default two and a half times ε over all steps. */
  readonly stepSize?: number;
}

const TINY = 1e-30;

/** Ball, labels, x, velocity, step [batch] → `next`, `carried` (the velocity there), `margin` at x. */
function momentumGraph(
  classifier: Classifier,
  threat: Threat,
  loss: LossName,
  decay: number,
): Graph {
  const b = new Builder();
  const ball = ballInputs(b, classifier);
  const { shape } = ball.centre;
  const [x, velocity] = [b.input('x', shape), b.input('velocity', shape)];
  const length = b.input('step', ball.radius.shape);
  const { logits, oneHot } = networkOver(b, classifier, x);
  const value = losses[loss](b, { logits, label: oneHot });
  const [gradient = x] = gradientWith(b, value, [x], classifier);
  // Twice, so that the sum of tiny or huge gradients stays a number.
  const largest = b.maximum(b.abs(gradient), shape.map((_, i) => i).slice(1), true);
  const scaled = b.div(gradient, b.max(largest, TINY));
  const mean = b.div(b.sumRows(b.abs(scaled)), Number(elementCount(shape.slice(1))));
  const unit = b.div(scaled, b.perRow(b.max(mean, TINY), shape.length));
  const carried = b.add(b.mul(velocity, decay), unit);
  const next = step(b, threat, ball, x, carried, length);
  return b.graph({ next, carried, margin: marginOf(b, logits, oneHot) });
}

export function mpgd({ id, loss, steps, decay = 1, stepSize }: MpgdOptions): Attack {
  return {
    id,
    side: 'attack',
    aim: 'ball',
    cost: { forwards: steps + 1, gradients: steps },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const { classifier, threat, signal } = context;
      const { sampleSize: size, sampleShape: shape } = classifier;
      const program = await classifier.searchPrograms.named(
        `momentum/${loss}/${decay}/${threatKey(threat)}`,
        () => momentumGraph(classifier, threat, loss, decay),
      );
      const network = owned(networkFeeds(context, rows));
      const lengths = column(rows.count, stepSize ?? 2.5 / steps);
      const ball = { ...owned(ballFeeds(context, rows, 'inward')), ...network, step: lengths };
      const place = { data: Int32Array.from({ length: rows.count }, (_, i) => i), shape: [] };
      let count = rows.count;
      let x: RowFeed & { readonly data: Float32Array } = { data: rows.x.slice(), shape };
      let velocity: RowFeed = { data: new Float32Array(rows.x.length), shape };
      for (let k = 0; k <= steps && count > 0; k++) {
        const last = k === steps;
        const running = last ? await marginProgram(classifier) : program;
        const feeds = last ? { ...network, x } : { ...ball, x, velocity };
        const results = await runRows(classifier, running, feeds, count, signal);
        const stands = new Uint8Array(count);
        for (let i = 0; i < count; i++) {
          const [row, margin] = [place.data[i] ?? 0, results['margin']?.[i] ?? Number.NaN];
          outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
          if (!last) outcome.gradients[row] = (outcome.gradients[row] ?? 0) + 1;
          outcome.trace?.note(row, margin);
          offer(outcome, row, margin, x.data, i, size);
          stands[i] = margin > 0 ? 1 : 0;
        }
        const { next, carried } = results;
        if (!next || !carried) break;
        [x, velocity] = [
          { data: next, shape },
          { data: carried, shape },
        ];
        if (!stands.includes(0)) continue;
        count = pack([...Object.values(ball), x, velocity, place], stands, count);
      }
      return outcome;
    },
  };
}
