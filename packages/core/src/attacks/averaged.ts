/**
 * Iterated steps along the gradient averaged over a neighbourhood (expectation over transformation, Athalye et
 * al. 2018, section 4.2, for a transformation that is noise): ripples and switches that turn a gradient about
 * cancel in the mean, the slope beneath them stays. Every draw is fresh, so that what is left of the noise
 * cancels from step to step too; so is what a randomised model draws. In ℓ∞ and ℓ2.
 */
import { runRows } from '../runtime/rows.ts';
import { SEARCH_PASS, sideFeeds } from '../runtime/side-inputs.ts';
import { RandomBlock } from '../tensor/random.ts';
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
import { rowsAt } from './packing.ts';
import { stepSizeAt } from './pgd.ts';
import { leadProgram, marginProgram } from './programs.ts';

export interface AveragedOptions {
  readonly id?: string;
  readonly steps: number;
  /** Gradients that one step averages. */
  readonly draws: number;
  /** Length of the longest draw, in radii. */
  readonly spread?: number;
}

/** Streams of draws that no other attack uses. */
const AVERAGED_DRAW = 0x70000;
/** Passes over a randomised model that no other attack and no judge makes: a draw each. */
const FRESH_PASS = SEARCH_PASS + 0x1000;
const [SPREAD, FIRST_STEP, MEMORY] = [0.25, 0.3, 0.9];

export function averaged(options: AveragedOptions): Attack {
  const { steps, draws } = options;
  return {
    id: options.id ?? 'pgd-averaged',
    side: 'attack',
    aim: 'ball',
    cost: { forwards: steps, gradients: steps * draws },
    refusal: servesOnly('linf', 'l2'),
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const size = context.classifier.sampleSize;
      const x = rows.x.slice();
      // What earlier steps saw still counts: their neighbourhoods overlap.
      const mean = new Float32Array(rows.x.length);
      let open = Array.from({ length: rows.count }, (_, row) => row);
      for (let step = 0; step < steps && open.length > 0; step++) {
        const slopes = await meanSlopes(context, rows, x, open, step, options);
        const pace = stepSizeAt({ loss: 'margin', steps, restarts: 1, stepSize: FIRST_STEP }, step);
        open.forEach((row, i) => {
          const own = x.subarray(row * size, (row + 1) * size);
          const centre = rows.x.subarray(row * size, (row + 1) * size);
          const slope = mean.subarray(row * size, (row + 1) * size);
          for (let k = 0; k < size; k++) {
            slope[k] = MEMORY * (slope[k] ?? 0) + (slopes[i * size + k] ?? 0);
          }
          const radius = rows.radii[row] ?? 0;
          advance(context.threat, { centre, radius }, own, slope, pace * radius);
          outcome.gradients[row] = (outcome.gradients[row] ?? 0) + draws;
        });
        const fallen = await tried(context, rows, x, open, outcome);
        open = open.filter((row) => !fallen.has(row));
      }
      return outcome;
    },
  };
}

/** How the strongest rival's lead rises on the mean around each open row: [open × features]. */
async function meanSlopes(
  context: AttackContext,
  rows: Rows,
  x: Float32Array,
  open: readonly number[],
  step: number,
  { draws, spread = SPREAD }: AveragedOptions,
): Promise<Float32Array> {
  const { classifier, threat, seed, signal } = context;
  const { sampleSize: size, sampleShape: shape } = classifier;
  const mean = new Float32Array(open.length * size);
  const own = rowsAt(rows, open, size);
  const network = networkFeeds(context, own);
  const program = await leadProgram(classifier);
  const drawn = classifier.sides.filter(({ isRandom }) => isRandom);
  const targets = { data: new Int32Array(open.length).fill(-1), shape: [] };
  const direction = new Float64Array(size);
  const points = new Float32Array(open.length * size);
  for (let draw = 0; draw < draws; draw++) {
    open.forEach((row, i) => {
      const stream = rows.streams[row] ?? row;
      const random = new RandomBlock(seed, stream, AVERAGED_DRAW + step * draws + draw);
      threat.norm.sample(random, direction);
      const length = spread * random.uniform(-1) * (rows.radii[row] ?? 0);
      for (let k = 0; k < size; k++) {
        const weight = threat.fixed.has(k) ? 0 : (threat.weights?.[k] ?? 1);
        points[i * size + k] = (x[row * size + k] ?? 0) + length * weight * (direction[k] ?? 0);
      }
    });
    const fresh = sideFeeds(drawn, own.streams, FRESH_PASS + step * draws + draw);
    const feeds = { ...network, ...fresh, x: { data: points, shape }, targets };
    const { gradient } = await runRows(classifier, program, feeds, open.length, signal);
    gradient?.forEach((value, k) => (mean[k] = (mean[k] ?? 0) + value / draws));
  }
  return mean;
}

interface Ball {
  readonly centre: Float32Array;
  readonly radius: number;
}

/** One step in the steepest direction of the norm, into ball ∩ valid box; in place. */
function advance(
  threat: Threat,
  { centre, radius }: Ball,
  x: Float32Array,
  slope: Float32Array,
  length: number,
): void {
  const weight = (k: number): number => (threat.fixed.has(k) ? 0 : (threat.weights?.[k] ?? 1));
  const scaled = slope.map((value, k) => value * weight(k));
  const size = Math.sqrt(scaled.reduce((sum, value) => sum + value * value, 0)) || 1;
  scaled.forEach((value, k) => {
    const unit = threat.norm.isBox ? Math.sign(value) : value / size;
    x[k] = (x[k] ?? 0) + length * weight(k) * unit;
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
  outcome: AttackOutcome,
): Promise<ReadonlySet<number>> {
  const { classifier, signal } = context;
  const size = classifier.sampleSize;
  const here = new Float32Array(open.length * size);
  open.forEach((row, i) => here.set(x.subarray(row * size, (row + 1) * size), i * size));
  const network = networkFeeds(context, rowsAt(rows, open, size));
  const feeds = { ...network, x: { data: here, shape: classifier.sampleShape } };
  const program = await marginProgram(classifier);
  const { margin } = await runRows(classifier, program, feeds, open.length, signal);
  const seeming: number[] = [];
  open.forEach((row, i) => {
    const value = margin?.[i] ?? Number.NaN;
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
    outcome.trace?.note(row, value);
    offer(outcome, row, value, here, i, size);
    if (!(value > 0)) seeming.push(row);
  });
  return confirmed(context, rows, outcome, seeming);
}
