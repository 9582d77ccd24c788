/**
 * Auto-PGD (Croce & Hein 2020, Algorithm 1): gradient ascent whose steps are halved, from the best
 * point, where the loss no longer rises. In ℓ1 the same schedule drives steps towards corners
 * (ascent.ts). Rows leave as soon as their margin is not positive. Targeted runs climb towards one
 * rival after the other, strongest first. Every run but the first begins at a random point of the set.
 */
import { runRows } from '../runtime/rows.ts';
import { ballFeeds, networkFeeds, type Rows } from '../threats/ball.ts';
import { ascentProgram, type ClimbedLoss, isTargeted, projectionProgram } from './ascent.ts';
import {
  type Attack,
  type AttackContext,
  type AttackOutcome,
  emptyOutcome,
  offer,
} from './attack.ts';
import { column, owned, pack, rowsAt } from './packing.ts';
import { halving } from './pace.ts';
import { marginProgram } from './programs.ts';
import { rankedRivals } from './rank.ts';
import { startingPoints } from './starting-points.ts';

export interface ApgdOptions {
  /** Name in the ledger. */
  readonly id: string;
  readonly loss: ClimbedLoss;
  readonly steps: number;
  readonly restarts: number;
  /** Of a targeted loss: at most this many rivals, `restarts` runs towards each. */
  readonly targets?: number;
  /** The first run begins at a random point too. */
  readonly randomStart?: boolean;
  /**
   * Each run first climbs in balls this many times as wide, three tenths of its steps in each, and is
   * then drawn in (Croce & Hein 2021, section 4.3): for balls whose inside masks the gradient.
   */
  readonly wider?: readonly number[];
}

const WIDER_SHARE = 0.3;

/** The rivals that AutoAttack goes towards. */
const MOST_TARGETS = 9;
const APGD_DRAWS = 0x20000;

/** One climb: which rows, from where, towards which classes. */
interface Climb {
  readonly open: readonly number[];
  readonly start: Float32Array;
  readonly targets: Int32Array | null;
}

export function apgd(options: ApgdOptions): Attack {
  const { steps, restarts, loss } = options;
  const most = options.targets ?? MOST_TARGETS;
  const runs = restarts * (isTargeted(loss) ? most : 1);
  return {
    id: options.id,
    side: 'attack',
    aim: 'ball',
    cost: { forwards: runs * (steps + 1) + (isTargeted(loss) ? 1 : 0), gradients: runs * steps },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const order = isTargeted(loss) ? await rankedRivals(context, rows) : null;
      if (order) outcome.forwards.fill(1);
      const rivals = order ? Math.min(most, context.classifier.classes - 1) : 1;
      for (let run = 0; run < restarts * rivals; run++) {
        const open = standing(outcome);
        if (open.length === 0) break;
        const rank = run % rivals;
        const targets = order ? Int32Array.from(open, (row) => order[row]?.[rank] ?? 0) : null;
        const begin = { run, draw: APGD_DRAWS + run, random: options.randomStart ?? false };
        const start = startingPoints(context, rows, open, begin);
        await descend(context, options, rows, { open, start, targets }, outcome);
      }
      return outcome;
    },
  };
}

/** One run: through the wider balls, if any, into the one asked for. */
async function descend(
  context: AttackContext,
  options: ApgdOptions,
  rows: Rows,
  run: Climb,
  outcome: AttackOutcome,
): Promise<void> {
  const wider = options.wider ?? [];
  const each = Math.ceil(WIDER_SHARE * options.steps);
  let { start } = run;
  for (const [i, width] of wider.entries()) {
    const wide = { ...rows, radii: rows.radii.map((radius) => radius * width) };
    const seen = emptyOutcome(rows);
    await climb(context, { ...options, steps: each }, wide, { ...run, start }, seen);
    for (const row of run.open) {
      outcome.forwards[row] = (outcome.forwards[row] ?? 0) + (seen.forwards[row] ?? 0);
      outcome.gradients[row] = (outcome.gradients[row] ?? 0) + (seen.gradients[row] ?? 0);
    }
    const next = wider[i + 1] ?? 1;
    const reached = rowsAt({ ...rows, x: seen.best }, run.open, context.classifier.sampleSize).x;
    start = await drawnIn(context, rows, run.open, reached, next);
  }
  const steps = options.steps - wider.length * each;
  await climb(context, { ...options, steps }, rows, { ...run, start }, outcome);
}

/** The points of balls `width` times as wide as the rows' that are nearest to those given. */
async function drawnIn(
  context: AttackContext,
  rows: Rows,
  open: readonly number[],
  x: Float32Array,
  width: number,
): Promise<Float32Array> {
  const { classifier, threat, signal } = context;
  const radii = rows.radii.map((radius) => radius * width);
  const own = rowsAt({ ...rows, radii }, open, classifier.sampleSize);
  const { centre, lower, upper, radius } = ballFeeds(context, own, 'inward');
  if (!centre || !lower || !upper || !radius) throw new RangeError('a ball has no ends');
  const feeds = { centre, lower, upper, radius, x: { data: x, shape: classifier.sampleShape } };
  const program = await projectionProgram(classifier, threat);
  const { nearest = x } = await runRows(classifier, program, feeds, open.length, signal);
  return nearest;
}

function standing({ margins }: AttackOutcome): number[] {
  return Array.from(margins.keys()).filter((row) => (margins[row] ?? 0) > 0);
}

async function climb(
  context: AttackContext,
  { loss, steps }: ApgdOptions,
  rows: Rows,
  { open, start, targets }: Climb,
  outcome: AttackOutcome,
): Promise<void> {
  const { classifier, threat, signal } = context;
  const { sampleSize: size, sampleShape: shape } = classifier;
  const program = await ascentProgram(classifier, threat, loss);
  const own = rowsAt(rows, open, size);
  const network = owned(networkFeeds(context, own));
  const ball = {
    ...owned(ballFeeds(context, own, 'inward')),
    ...network,
    ...(targets ? { targets: { data: targets, shape: [] } } : {}),
  };
  const place = { data: Int32Array.from(open), shape: [] };
  const bestMargin = column(open.length, Infinity);
  let [count, x, previous, best] = [open.length, start, start, start];
  const pace = halving(count, steps);
  const restart = (row: number): void => {
    x.set(best.subarray(row * size, (row + 1) * size), row * size);
  };
  const note = (margins: Float32Array): Uint8Array => {
    const stands = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const [row, margin] = [place.data[i] ?? 0, margins[i] ?? Number.NaN];
      outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
      outcome.trace?.note(row, margin);
      // A margin that is no number is a candidate too: the original file will say.
      if (margin > 0) stands[i] = 1;
      else offer(outcome, row, margin, x, i, size);
    }
    return stands;
  };
  for (let k = 0; k < steps && count > 0; k++) {
    pace.adapt(k, count, restart);
    const points = {
      x: { data: x, shape },
      previous: { data: previous, shape },
      kept: { data: best, shape },
    };
    const feeds = { ...ball, ...points, ...pace.feeds };
    const results = await runRows(classifier, program, feeds, count, signal);
    const { loss: losses, margin: margins, next, best: kept } = results;
    if (!losses || !margins || !next || !kept) throw new RangeError('an ascent has no outputs');
    const stands = note(margins);
    for (let i = 0; i < count; i++) {
      const row = place.data[i] ?? 0;
      outcome.gradients[row] = (outcome.gradients[row] ?? 0) + 1;
      if ((losses[i] ?? 0) > (pace.keptLoss[i] ?? 0)) bestMargin.data[i] = margins[i] ?? Infinity;
    }
    pace.observe(losses, count);
    [previous, x, best] = [x, next, kept];
    if (!stands.includes(0)) continue;
    const moving = [previous, x, best].map((data) => ({ data, shape }));
    const columns = [...Object.values(ball), ...moving, ...pace.columns, place, bestMargin];
    count = pack(columns, stands, count);
  }
  if (count === 0) return;
  const measure = await marginProgram(classifier);
  const feeds = { ...network, x: { data: x, shape } };
  const { margin = new Float32Array() } = await runRows(classifier, measure, feeds, count, signal);
  const stands = note(margin);
  for (let i = 0; i < count; i++) {
    const row = place.data[i] ?? 0;
    const [last, most] = [margin[i] ?? Infinity, bestMargin.data[i] ?? Infinity];
    if (stands[i] === 0) continue;
    if (last < most) offer(outcome, row, last, x, i, size);
    else offer(outcome, row, most, best, i, size);
  }
}
