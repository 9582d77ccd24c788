/**
 * ALMA (Rony et al. 2021, augmented Lagrangian), ℓ1 and ℓ2: descent on distance + penalty(y) with RMSprop
 * and momentum, where y ≤ 0 is a break and the penalty's slope at 0 is the multiplier μ, learned on the
 * way; ρ grows while y does not fall. Unlike as published, y is the margin in units of the input's own, and
 * distances and steps are in units of the linearised distance.
 */
import type { Moves } from '../threats/moves.ts';
import { type Attack, servesOnly } from './attack.ts';
import { NearestBreaks } from './nearest.ts';
import { walkersFor, placesOf } from './walkers.ts';
import { type Scales, scalesOf } from './scales.ts';

export interface AlmaOptions {
  readonly steps: number;
}

/** How slowly μ, the squares and the velocity change. */
const MEMORY = 0.9;
const [LEAST_MU, MOST_MU] = [1e-6, 1e12];
/** Every so many steps ρ grows by this factor, unless y fell to this share or there was a break. */
const [REVIEW, GROWTH, FALL] = [10, 1.2, 0.95];
/**
 * The first step in linearised distances; after the first break it falls to the last share. It is long,
 * so that misleading slopes near the input are left behind; but where the norm is sparse, since it
 * moves all features, long ones never come back to few.
 */
const FIRST_STEP = { dense: 1, sparse: 0.1 };
const LAST_SHARE = 0.01;
const TINY = 1e-30;

/** What is kept for a row's Lagrangian and its descent. */
interface Descent {
  readonly scales: Scales;
  mu: number;
  rho: number;
  /** y at the last review, and whether there was a break since. */
  before: number;
  broke: boolean;
  /** The steps before the first break. */
  found: number;
  /** The step; 0 before the first. */
  rate: number;
  readonly square: Float64Array;
  readonly velocity: Float64Array;
}

export function alma({ steps }: AlmaOptions): Attack {
  return {
    id: 'alma',
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: steps + 12, gradients: steps },
    refusal: servesOnly('l2', 'l1'),
    run: async (context, rows, outcome) => {
      const breaks = new NearestBreaks(context, rows, outcome);
      const size = context.classifier.sampleSize;
      const { sparse } = context.threat.norm;
      const places = placesOf(rows);
      const walkers = walkersFor(context, rows, places);
      let descents: Descent[] = [];
      for (let step = 0; step < steps; step++) {
        const { lead, gradient, broken } = await breaks.look(walkers, true);
        if (step === 0) {
          const scales = scalesOf(breaks, { lead, gradient, broken });
          descents = scales.map((own) => begun(own, size, steps));
        }
        descents.forEach((descent, row) => {
          const y = -(lead[row] ?? 0) / descent.scales.lead;
          learn(descent, y, broken[row] === 1, step);
          const x = walkers.x.subarray(row * size, (row + 1) * size);
          const slope = gradient.subarray(row * size, (row + 1) * size);
          turn(descent, breaks.moves, sparse, breaks.centre(row), x, slope, y);
          const left = Math.max(0, step - descent.found) / Math.max(1, steps - descent.found);
          breaks.moves.go(x, descent.velocity, -descent.rate * LAST_SHARE ** left);
        });
      }
      return breaks.tighten();
    },
  };
}

function begun(scales: Scales, size: number, steps: number): Descent {
  const [square, velocity] = [new Float64Array(size), new Float64Array(size)];
  const learned = { mu: 1, rho: 1, before: 1, broke: false, found: steps, rate: 0 };
  return { scales, ...learned, square, velocity };
}

/** The slope at y of the penalty P2 (Rony et al. 2021, table 1). */
export function penaltySlope(y: number, rho: number, mu: number): number {
  return y >= 0 ? mu * (1 + 2 * rho * y) + (rho * y) ** 2 / 2 : mu / (1 - rho * y) ** 2;
}

/** What the position teaches about μ and ρ (algorithm 1, lines 6 to 13). */
function learn(descent: Descent, y: number, isBroken: boolean, step: number): void {
  if (isBroken) {
    descent.broke = true;
    descent.found = Math.min(descent.found, step);
  }
  if (step % REVIEW === REVIEW - 1) {
    if (!(y <= FALL * descent.before) && !descent.broke) descent.rho *= GROWTH;
    descent.before = y;
    descent.broke = false;
  }
  const next = MEMORY * descent.mu + (1 - MEMORY) * penaltySlope(y, descent.rho, descent.mu);
  descent.mu = Math.min(MOST_MU, Math.max(LEAST_MU, next));
}

/**
 * The velocity along the slope at x of the Lagrangian, with ‖δ‖ for a sparse norm and ‖δ‖² else; the first
 * one sets the rate.
 */
function turn(
  descent: Descent,
  moves: Moves,
  isSparse: boolean,
  centre: Float32Array,
  x: Float32Array,
  gradient: Float32Array,
  y: number,
): void {
  const { scales, square, velocity } = descent;
  const push = penaltySlope(y, descent.rho, descent.mu) / scales.lead;
  const slopeAt = (k: number): number => {
    const w = moves.weight[k] ?? 0;
    if (w === 0) return 0;
    const away = ((x[k] ?? 0) - (centre[k] ?? 0)) / w / scales.distance;
    const pull = isSparse ? Math.sign(away) : 2 * away;
    return pull / scales.distance - push * (gradient[k] ?? 0) * w;
  };
  const isFirst = descent.rate === 0;
  let mean = 0;
  if (isFirst) {
    for (let k = 0; k < x.length; k++) mean += slopeAt(k) ** 2 / x.length;
    square.fill(mean);
  }
  for (let k = 0; k < x.length; k++) {
    const w = moves.weight[k] ?? 0;
    const own = slopeAt(k);
    const kept = MEMORY * (square[k] ?? 0) + (1 - MEMORY) * own * own;
    square[k] = kept;
    const turned = own / Math.sqrt(kept + TINY);
    velocity[k] = MEMORY * (velocity[k] ?? 0) + turned * w;
  }
  if (!isFirst) return;
  const length = moves.length(velocity);
  const first = isSparse ? FIRST_STEP.sparse : FIRST_STEP.dense;
  descent.rate = length > 0 ? (first * scales.distance) / length : 0;
}
