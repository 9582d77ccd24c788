/**
 * Fast minimum norm (Pintor et al. 2021) and DDN (Rony et al. 2019): steps up the lead of a rival, each
 * projected onto a ball that shrinks while the walker stands on a break and grows while it does not.
 * Unlike as published, a first break is found by crossing linearised boundaries, the radius starts from
 * it, steps are in units of the radius, and later rounds start anew from points scattered around the
 * nearest break, some of them towards other rivals; without one the slope is cross-entropy's. All
 * walkers of a row share its nearest break.
 */
import type { NormName } from '../audit/run.ts';
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import { type Attack, type AttackContext, servesOnly } from './attack.ts';
import { homeward } from './homeward.ts';
import { NearestBreaks } from './nearest.ts';
import { keepWalkers, type Walkers, walkersFor, placesOf } from './walkers.ts';
import { rankedRivals } from './rank.ts';

export interface FmnOptions {
  readonly id: string;
  readonly steps: number;
  readonly rounds: number;
  /** Walkers beside the one at the nearest break, each towards one of the strongest rivals. */
  readonly rivals: number;
  /** The norms it is for; by default all. */
  readonly norms?: readonly NormName[];
  /** Whether a break within the run's ε is near enough: the row is left then. */
  readonly within?: boolean;
  /** DDN: steps end on the sphere, and the radius changes by the same share throughout (ℓ2). */
  readonly sphere?: boolean;
}

/** Step in units of the radius, and the share by which radii change; both fall by the cosine schedule. */
const FIRST_STEP = 0.3;
/** Where the norm counts, in units of the valid range: far out of it, so that features compete by slope. */
const FIRST_PUSH = 8;
const FIRST_SHRINK = 0.05;
const LAST_SHARE = 0.02;
/** Steps onto linearised boundaries until there is a break, past them by more each time. */
const CROSSINGS = 20;
const PAST = 1.05;
const GROWTH = 1.1;
const FIRST_HALVINGS = 8;
/** Of ε: what rounding of the original file may undo is searched on. */
const NEAR_ENOUGH = 0.999;
const SCATTER_DRAWS = 0x30000;

export function fmn(options: FmnOptions): Attack {
  const { steps, rounds, rivals } = options;
  const looks = CROSSINGS + steps * rounds * (rivals + 1);
  return {
    id: options.id,
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: looks + 20, gradients: looks },
    refusal: servesOnly(...(options.norms ?? ['linf', 'l2', 'l1', 'l0'])),
    run: async (context, rows, outcome) => {
      const breaks = new NearestBreaks(context, rows, outcome);
      await cross(context, rows, breaks);
      await breaks.tighten(FIRST_HALVINGS);
      const order = rivals > 0 ? await rankedRivals(context, rows) : [];
      const places = Array.from({ length: rows.count }, (_, row) =>
        [-1, ...(order[row] ?? []).slice(0, rivals)].map((target) => ({ row, target })),
      ).flat();
      const isOpen = openIn(options, context, breaks);
      for (let round = 0; round < rounds; round++) {
        const left = places.filter(({ row }) => isOpen(row));
        const walkers = walkersFor(context, rows, left);
        scatter(context, rows, breaks, walkers, round);
        await descend(context, rows, options, breaks, walkers);
      }
      await homeward(context, rows, breaks);
      return breaks.tighten();
    },
  };
}

/** Whether a row is searched on. */
function openIn(
  { within }: FmnOptions,
  { threat }: AttackContext,
  breaks: NearestBreaks,
): (row: number) => boolean {
  if (!within) return () => true;
  const enough = NEAR_ENOUGH * threat.eps;
  return (row) => !(breaks.found(row) && (breaks.distances[row] ?? 0) <= enough);
}

function pastAt(step: number): number {
  return PAST * GROWTH ** Math.min(step, CROSSINGS);
}

/** A first break of each row: from where earlier attacks ended, or from the input. */
async function cross(context: AttackContext, rows: Rows, breaks: NearestBreaks): Promise<void> {
  const { moves } = breaks;
  const size = context.classifier.sampleSize;
  const places = placesOf(rows);
  let walkers = walkersFor(context, rows, places);
  if (rows.starts) walkers.x.set(rows.starts);
  const move = new Float64Array(size);
  for (let step = 0; step < CROSSINGS && walkers.row.length > 0; step++) {
    const { lead, gradient } = await breaks.look(walkers, true);
    const open = [...walkers.row.keys()].filter((i) => !breaks.found(walkers.row[i] ?? 0));
    for (const i of open) {
      const x = walkers.x.subarray(i * size, (i + 1) * size);
      const slope = gradient.subarray(i * size, (i + 1) * size);
      moves.cross(x, slope, -(lead[i] ?? 0), move);
      moves.go(x, move, pastAt(step));
    }
    walkers = keepWalkers(context, rows, walkers, open);
  }
}

/** The first walker of a row stands on its nearest break, the others (later all) at its length around it. */
function scatter(
  { classifier, threat, seed }: AttackContext,
  rows: Rows,
  breaks: NearestBreaks,
  { row, targets, x }: Walkers,
  round: number,
): void {
  const size = classifier.sampleSize;
  const noise = new Float32Array(size);
  row.forEach((r, i) => {
    if (!breaks.found(r)) return;
    const own = x.subarray(i * size, (i + 1) * size);
    const centre = breaks.centre(r);
    own.set(breaks.best(r));
    if (round === 0 && (targets[i] ?? -1) < 0) return;
    const draw = SCATTER_DRAWS + round * (classifier.classes + 1) + (targets[i] ?? -1) + 1;
    const random = new RandomBlock(seed, rows.streams[r] ?? r, draw);
    threat.sample(centre, breaks.distances[r] ?? 0, random, noise);
    for (let k = 0; k < size; k++) own[k] = (own[k] ?? 0) + (noise[k] ?? 0) - (centre[k] ?? 0);
    breaks.moves.clip(own);
  });
}

/** Radii that count change by one at least, and stay below what is known. */
function wholly(before: number, changed: number, nearest: number): number {
  const whole = Math.max(Math.floor(changed), changed > before ? before + 1 : 1);
  return Math.max(1, Math.min(whole, nearest - 1));
}

async function descend(
  context: AttackContext,
  rows: Rows,
  options: FmnOptions,
  breaks: NearestBreaks,
  all: Walkers,
): Promise<void> {
  const { moves } = breaks;
  const { steps, sphere = false } = options;
  const size = context.classifier.sampleSize;
  const { counts } = context.threat.norm;
  let walkers = all;
  let radii = new Float64Array(walkers.row.length);
  const move = new Float64Array(size);
  const isOpen = openIn(options, context, breaks);
  for (let step = 0; step < steps && walkers.row.length > 0; step++) {
    const open = [...walkers.row.keys()].filter((i) => isOpen(walkers.row[i] ?? 0));
    // At once: what becomes of a row must not depend on the others beside it.
    if (open.length < walkers.row.length) {
      walkers = keepWalkers(context, rows, walkers, open);
      radii = Float64Array.from(open, (i) => radii[i] ?? 0);
    }
    const { lead, gradient, broken } = await breaks.look(walkers, true);
    const wave = (1 + Math.cos((Math.PI * step) / steps)) / 2;
    const share = LAST_SHARE + (1 - LAST_SHARE) * wave;
    const change = sphere ? FIRST_SHRINK : FIRST_SHRINK * share;
    walkers.row.forEach((row, i) => {
      const x = walkers.x.subarray(i * size, (i + 1) * size);
      const slope = gradient.subarray(i * size, (i + 1) * size);
      if (!breaks.found(row)) {
        moves.cross(x, slope, -(lead[i] ?? 0), move);
        moves.go(x, move, pastAt(step));
        return;
      }
      const nearest = breaks.distances[row] ?? 0;
      const before = radii[i] || nearest;
      const changed = before * (broken[i] ? 1 - change : 1 + change);
      const radius = counts ? wholly(before, changed, nearest) : Math.min(changed, nearest);
      radii[i] = radius;
      const isSteep = moves.steepest(slope, move);
      if (isSteep && counts) moves.push(x, move, FIRST_PUSH * share * moves.range);
      else if (isSteep) moves.go(x, move, FIRST_STEP * share * radius);
      moves.shrink(breaks.centre(row), x, radius);
      if (sphere) moves.stretch(breaks.centre(row), x, radius);
    });
  }
}
