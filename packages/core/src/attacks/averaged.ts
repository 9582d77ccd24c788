/**
 * Iterated steps along the gradient averaged over a neighbourhood (expectation over transformation, Athalye et
 * al. 2018, section 4.2, for a transformation that is noise): ripples and switches that turn a gradient about
 * cancel in the mean, the slope beneath them stays; chords (chords.ts) make what has to cancel small. Every draw is fresh, so that what is left of the noise
 * cancels from step to step too; so is what a randomised model draws. In ℓ∞ and ℓ2.
 */
import { runRows } from '../runtime/rows.ts';
import { networkFeeds, type Rows } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';
import {
  type Attack,
  type AttackContext,
  type AttackOutcome,
  emptyOutcome,
  offer,
  servesOnly,
} from './attack.ts';
import { confirmed } from './confirm.ts';
import { inputsAt, rowsAt } from './packing.ts';
import { stepSizeAt } from './pgd.ts';
import { freshDraws, meanSlopes } from './mean-slopes.ts';
import { marginProgram } from './programs.ts';

export interface AveragedOptions {
  readonly id?: string;
  readonly steps: number;
  /** Gradients that one step averages. */
  readonly draws: number;
  /** Length of the longest draw, in radii. */
  readonly spread?: number;
  /** Chords go along the mean slope so far instead of anywhere: for ripples on what deep layers make of the input. */
  readonly along?: boolean;
}

/** Passes over a randomised model that vote on where a step led. */
const VOTES = 15;
const [SPREAD, FIRST_STEP, MEMORY] = [0.25, 0.3, 0.9];

export function averaged(options: AveragedOptions): Attack {
  const { steps, draws, along = false } = options;
  return {
    id: options.id ?? (along ? 'pgd-chords' : 'pgd-averaged'),
    side: 'attack',
    aim: 'ball',
    cost: { forwards: steps * (draws + 1), gradients: steps * draws },
    refusal: servesOnly('linf', 'l2'),
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const size = context.classifier.sampleSize;
      const x = rows.x.slice();
      // What earlier steps saw still counts: their neighbourhoods overlap.
      const mean = new Float32Array(rows.x.length);
      let open = Array.from({ length: rows.count }, (_, row) => row);
      for (let step = 0; step < steps && open.length > 0; step++) {
        const here = inputsAt(x, open, size);
        const around = {
          draws,
          first: step * draws,
          spread: options.spread ?? SPREAD,
          ...(along && { ways: steepest(context.threat, inputsAt(mean, open, size), size) }),
        };
        const slopes = await meanSlopes(context, rowsAt(rows, open, size), here, around);
        const pace = stepSizeAt({ loss: 'margin', steps, restarts: 1, stepSize: FIRST_STEP }, step);
        open.forEach((row, i) => {
          const own = x.subarray(row * size, (row + 1) * size);
          const centre = rows.x.subarray(row * size, (row + 1) * size);
          const slope = mean.subarray(row * size, (row + 1) * size);
          for (let k = 0; k < size; k++) {
            slope[k] = MEMORY * (slope[k] ?? 0) + (slopes[i * size + k] ?? 0);
          }
          const radius = rows.radii[row] ?? 0;
          const way = steepest(context.threat, slope, size);
          advance(context.threat, { centre, radius }, own, way, pace * radius);
          // Each with a pass more, over the chord's other end.
          outcome.gradients[row] = (outcome.gradients[row] ?? 0) + draws;
          outcome.forwards[row] = (outcome.forwards[row] ?? 0) + draws;
        });
        const draw = steps * draws + step * VOTES;
        const fallen = await tried(context, rows, x, open, { outcome, draw });
        open = open.filter((row) => !fallen.has(row));
      }
      return outcome;
    },
  };
}

interface Ball {
  readonly centre: Float32Array;
  readonly radius: number;
}

/** The move of length 1 that rises most along each slope, in the norm's units times the features' weights. */
function steepest(threat: Threat, slopes: Float32Array, size: number): Float32Array {
  const weight = (k: number): number => (threat.fixed.has(k) ? 0 : (threat.weights?.[k] ?? 1));
  const ways = slopes.map((value, i) => value * weight(i % size));
  for (let start = 0; start < ways.length; start += size) {
    const way = ways.subarray(start, start + size);
    const length = Math.sqrt(way.reduce((sum, value) => sum + value * value, 0)) || 1;
    way.forEach((value, k) => {
      way[k] = weight(k) * (threat.norm.isBox ? Math.sign(value) : value / length);
    });
  }
  return ways;
}

/** One step of a length along a way, into ball ∩ valid box; in place. */
function advance(
  threat: Threat,
  { centre, radius }: Ball,
  x: Float32Array,
  way: Float32Array,
  length: number,
): void {
  way.forEach((value, k) => {
    x[k] = (x[k] ?? 0) + length * value;
  });
  const [lower, upper] = [new Float32Array(x.length), new Float32Array(x.length)];
  threat.enclose(centre, radius, 'inward', lower, upper);
  x.forEach((value, k) => {
    x[k] = Math.min(Math.max(value, lower[k] ?? value), upper[k] ?? value);
  });
  threat.enter(centre, x, radius);
}

/** Offers where the open rows are now; returns those that the original file gives up. */
async function tried(
  context: AttackContext,
  rows: Rows,
  x: Float32Array,
  open: readonly number[],
  { outcome, draw }: { readonly outcome: AttackOutcome; readonly draw: number },
): Promise<ReadonlySet<number>> {
  const size = context.classifier.sampleSize;
  const here = inputsAt(x, open, size);
  const votes = context.classifier.model.random.length > 0 ? VOTES : 1;
  const margins = await medianMargins(context, rowsAt(rows, open, size), here, { votes, draw });
  const seeming: number[] = [];
  open.forEach((row, i) => {
    const value = margins[i] ?? Number.NaN;
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + votes;
    outcome.trace?.note(row, value);
    offer(outcome, row, value, here, i, size);
    if (!(value > 0)) seeming.push(row);
  });
  return confirmed(context, rows, outcome, seeming);
}

interface Voting {
  /** Passes of each row. */
  readonly votes: number;
  /** Numbers the first pass, where the model is randomised. */
  readonly draw: number;
}

/** What half of the passes are above: not positive where most answer wrong, which is what a judge counts. */
async function medianMargins(
  context: AttackContext,
  rows: Rows,
  x: Float32Array,
  { votes, draw }: Voting,
): Promise<Float32Array> {
  const { classifier, signal } = context;
  const network = networkFeeds(context, rows);
  const program = await marginProgram(classifier);
  const passes: Float32Array[] = [];
  for (let vote = 0; vote < votes; vote++) {
    const fresh = freshDraws(classifier, rows, draw + vote);
    const feeds = { ...network, ...fresh, x: { data: x, shape: classifier.sampleShape } };
    const { margin } = await runRows(classifier, program, feeds, rows.count, signal);
    if (margin) passes.push(margin);
  }
  return Float32Array.from(
    rows.streams,
    (_, row) =>
      passes.map((margins) => margins[row] ?? Number.NaN).toSorted((a, b) => a - b)[votes >> 1] ??
      Number.NaN,
  );
}
