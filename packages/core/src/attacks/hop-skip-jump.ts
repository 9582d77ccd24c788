/**
 * HopSkipJump (Chen et al. 2020): the nearest break from decisions alone. From a point on the boundary
 * the normal is estimated by which side random neighbours fall on (equation 16, with the baseline), a
 * step goes along it, and a bisection towards the input ends on the boundary again, nearer. The
 * neighbours' distance adapts: a boundary of steps shows its direction only from some way off.
 */
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import { type Attack, type AttackContext, emptyOutcome, servesOnly } from './attack.ts';
import { Decisions } from './decisions.ts';
import { startingBreaks } from './starting-breaks.ts';

export interface HopSkipJumpOptions {
  readonly id?: string;
  /** Decisions a row may ask for, about. */
  readonly queries: number;
}

/** Streams of draws that no other attack uses. */
const NEIGHBOUR_DRAWS = 0x40000;
/** Neighbours of the first estimate; the t-th asks √t times as many. */
const NEIGHBOURS = 100;
const [ROUNDS, LAST_ROUNDS, HALVINGS] = [14, 20, 12];
/** Distance of neighbours in units of that to the input: at first, and its ends. */
const [FIRST_SPREAD, LEAST_SPREAD, MOST_SPREAD] = [0.01, 0.001, 0.3];
const [WIDER, NARROWER] = [3, 0.7];

export function hopSkipJump({ id = 'hopskipjump', queries }: HopSkipJumpOptions): Attack {
  return {
    id,
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: queries, gradients: 0 },
    refusal: servesOnly('linf', 'l2'),
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const decisions = new Decisions(context, rows);
      const { size } = decisions;
      const found = await startingBreaks(context, rows, decisions);
      const owners = found.flatMap((x, row) => (x ? [row] : []));
      const nearest = new Float32Array(owners.length * size);
      owners.forEach((row, i) => nearest.set(found[row] ?? [], i * size));
      try {
        await decisions.bisect(nearest, owners, ROUNDS);
        await walk(context, rows, decisions, { owners, nearest, queries });
        await decisions.bisect(nearest, owners, LAST_ROUNDS);
      } finally {
        // Whenever it stops, the nearest points are breaks.
        owners.forEach((row, i) => {
          const x = nearest.subarray(i * size, (i + 1) * size);
          if (decisions.distance(row, x) > (rows.radii[row] ?? 0)) return;
          outcome.best.set(x, row * size);
          outcome.margins[row] = 0;
        });
        outcome.forwards.set(decisions.asked);
      }
      return outcome;
    },
  };
}

interface Walk {
  readonly owners: readonly number[];
  /** The nearest break of each owner; lowered in place. */
  readonly nearest: Float32Array;
  readonly queries: number;
}

async function walk(
  context: AttackContext,
  rows: Rows,
  decisions: Decisions,
  { owners, nearest, queries }: Walk,
): Promise<void> {
  const { size } = decisions;
  const part = (all: Float32Array, i: number) => all.subarray(i * size, (i + 1) * size);
  const current = nearest.slice();
  const spread = new Float64Array(owners.length).fill(FIRST_SPREAD);
  const reserve = LAST_ROUNDS + ROUNDS + HALVINGS;
  for (let turn = 1; ; turn++) {
    const neighbours = Math.round(NEIGHBOURS * Math.sqrt(turn));
    const active = owners.flatMap((row, i) =>
      (decisions.asked[row] ?? 0) + neighbours + reserve <= queries ? [i] : [],
    );
    if (active.length === 0) return;
    const moved = new Float32Array(active.length * size);
    const normals: Float64Array[] = [];
    const lengths = new Float64Array(active.length);
    for (const [at, i] of active.entries()) {
      const row = owners[i] ?? 0;
      const stream = rows.streams[row] ?? row;
      const random = new RandomBlock(context.seed, stream, NEIGHBOUR_DRAWS + turn);
      const x = part(current, i);
      const length = decisions.distance(row, x);
      const sampled = { random, count: neighbours, reach: (spread[i] ?? 0) * length };
      normals.push(await normalAt(context, decisions, row, x, sampled));
      lengths[at] = length / Math.sqrt(turn);
    }
    // Half the step until it ends beyond the boundary.
    let open = active.map((_, at) => at);
    for (let halving = 0; halving < HALVINGS && open.length > 0; halving++) {
      for (const at of open) {
        const i = active[at] ?? 0;
        const [x, out, normal] = [part(current, i), part(moved, at), normals[at]];
        const step = (lengths[at] ?? 0) / 2 ** halving;
        for (let k = 0; k < size; k++) {
          const target = (x[k] ?? 0) + step * (normal?.[k] ?? 0) * (decisions.scales[k] ?? 1);
          out[k] = decisions.within(owners[i] ?? 0, k, target);
        }
      }
      const points = gathered(moved, open, size);
      const rowsOf = open.map((at) => owners[active[at] ?? 0] ?? 0);
      const broken = await decisions.broken(points, rowsOf);
      open = open.filter((_, k) => broken[k] !== true);
    }
    const failed = new Set(open);
    const landed = active.flatMap((_, at) => (failed.has(at) ? [] : [at]));
    const points = gathered(moved, landed, size);
    const landedRows = landed.map((at) => owners[active[at] ?? 0] ?? 0);
    await decisions.bisect(points, landedRows, ROUNDS);
    for (const at of failed) widen(spread, active[at] ?? 0, WIDER);
    landed.forEach((at, k) => {
      const i = active[at] ?? 0;
      const row = owners[i] ?? 0;
      part(current, i).set(part(points, k));
      const isNearer =
        decisions.distance(row, part(points, k)) < decisions.distance(row, part(nearest, i));
      if (isNearer) part(nearest, i).set(part(points, k));
      else part(current, i).set(part(nearest, i));
      widen(spread, i, isNearer ? NARROWER : WIDER);
    });
  }
}

function widen(spread: Float64Array, i: number, factor: number): void {
  spread[i] = Math.min(MOST_SPREAD, Math.max(LEAST_SPREAD, (spread[i] ?? 0) * factor));
}

function gathered(all: Float32Array, positions: readonly number[], size: number): Float32Array {
  const out = new Float32Array(positions.length * size);
  positions.forEach((from, to) => out.set(all.subarray(from * size, (from + 1) * size), to * size));
  return out;
}

/** The sum of four uniform bytes, centred: as good as normal for a direction, at a tenth of the price. */
function nearlyNormal(bits: number): number {
  return (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510;
}

interface Sampled {
  readonly random: RandomBlock;
  readonly count: number;
  readonly reach: number;
}

/** The estimated normal of the boundary at x, as a step of unit length: Euclidean, or signs in ℓ∞. */
async function normalAt(
  { threat }: AttackContext,
  decisions: Decisions,
  row: number,
  x: Float32Array,
  { random, count, reach }: Sampled,
): Promise<Float64Array> {
  const { size } = decisions;
  const points = new Float32Array(count * size);
  const isBox = threat.norm.isBox;
  for (let draw = 0; draw < count; draw++) {
    const point = points.subarray(draw * size, (draw + 1) * size);
    let sum = 0;
    for (let k = 0; k < size; k++) {
      const at = draw * size + k;
      const value = isBox ? 2 * random.uniform(at) - 1 : nearlyNormal(random.bits(at));
      point[k] = value;
      sum += value * value;
    }
    const factor = reach / (Math.sqrt(sum) || 1);
    for (let k = 0; k < size; k++) {
      const target = (x[k] ?? 0) + factor * (point[k] ?? 0) * (decisions.scales[k] ?? 1);
      point[k] = decisions.within(row, k, target);
    }
  }
  const broken = await decisions.broken(
    points,
    Array.from({ length: count }, () => row),
  );
  const share = broken.filter(Boolean).length / count;
  const isOneSided = share === 0 || share === 1;
  const normal = new Float64Array(size);
  broken.forEach((isBroken, draw) => {
    const weight = (isBroken ? 1 : -1) - (isOneSided ? 0 : 2 * share - 1);
    for (let k = 0; k < size; k++) {
      const scale = decisions.scales[k] ?? 1;
      if (scale === 0) continue;
      const offset = (points[draw * size + k] ?? 0) - (x[k] ?? 0);
      normal[k] = (normal[k] ?? 0) + (weight * offset) / scale;
    }
  });
  if (isBox) return normal.map(Math.sign);
  const length = threat.norm.length(normal) || 1;
  return normal.map((value) => value / length);
}
