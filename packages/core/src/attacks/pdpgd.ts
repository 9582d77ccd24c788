/**
 * PDPGD (Matyasko & Chau 2021, primal-dual proximal gradient), ℓ1 and ℓ0: Adam's step down what keeps the
 * label ahead, then the proximal step of the norm in Adam's metric; their ratio is the dual variable,
 * which moves towards the lead while there is no break and towards the norm while there is one. Unlike as
 * published, leads and norms are in units of the input's own, and steps in units of the valid range or,
 * without one, of the linearised distance.
 */
import { type Attack, type AttackContext, servesOnly } from './attack.ts';
import { homeward } from './homeward.ts';
import { NearestBreaks } from './nearest.ts';
import { walkersFor, placesOf } from './walkers.ts';
import { type Scales, scalesOf } from './scales.ts';

export interface PdpgdOptions {
  readonly steps: number;
}

const [FIRST_DECAY, SECOND_DECAY, TINY] = [0.9, 0.999, 1e-30];
/** Adam's step, and the share to which it falls. */
const [PRIMAL_STEP, PRIMAL_SHARE] = [0.1, 0.01];
/** What log(λ) changes by, and the share to which that falls; where λ = norm / lead begins. */
const [DUAL_STEP, DUAL_SHARE, DUAL_START] = [0.1, 0.1, 0.01];
const LATE = 0.5;
/** Proximal steps of ℓ1 after each of Adam's. */
const SLIDES = 5;
/** How slowly the λ that is used follows. */
const DUAL_MEMORY = 0.9;

interface Descent {
  readonly scales: Scales;
  /** log of λ, and the share of the norm, averaged. */
  dual: number;
  share: number;
  readonly mean: Float64Array;
  readonly square: Float64Array;
}

export function pdpgd({ steps }: PdpgdOptions): Attack {
  return {
    id: 'pdpgd',
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: steps + 12, gradients: steps },
    refusal: servesOnly('l1', 'l0'),
    run: async (context, rows, outcome) => {
      const breaks = new NearestBreaks(context, rows, outcome);
      const size = context.classifier.sampleSize;
      const places = placesOf(rows);
      const walkers = walkersFor(context, rows, places);
      let descents: Descent[] = [];
      for (let step = 0; step < steps; step++) {
        const slopes = await breaks.look(walkers, true);
        if (step === 0) descents = scalesOf(breaks, slopes).map((scales) => begun(scales, size));
        descents.forEach((descent, row) => {
          const [start, end] = [row * size, (row + 1) * size];
          const isBroken = slopes.broken[row] === 1;
          const sign = isBroken ? 1 : -1;
          descent.dual += sign * DUAL_STEP * DUAL_SHARE ** (step / steps);
          const share = 1 / (1 + Math.exp(-descent.dual));
          descent.share = DUAL_MEMORY * descent.share + (1 - DUAL_MEMORY) * share;
          const isOver = isBroken && step > LATE * steps;
          const slope = isOver ? null : slopes.gradient.subarray(start, end);
          const x = walkers.x.subarray(start, end);
          descend(context, breaks, descent, { x, centre: breaks.centre(row), slope }, step, steps);
        });
      }
      await homeward(context, rows, breaks);
      return breaks.tighten();
    },
  };
}

function begun(scales: Scales, size: number): Descent {
  return {
    scales,
    dual: Math.log(DUAL_START),
    share: DUAL_START / (1 + DUAL_START),
    mean: new Float64Array(size),
    square: new Float64Array(size),
  };
}

interface Position {
  readonly x: Float32Array;
  readonly centre: Float32Array;
  /** Of the rival's lead; null on a break, where nothing is left to gain. */
  readonly slope: Float32Array | null;
}

/** One primal step with Adam's diagonal metric (Matyasko & Chau 2021, algorithm 1). */
function descend(
  { threat }: AttackContext,
  { moves }: NearestBreaks,
  { scales, share, mean, square }: Descent,
  { x, centre, slope }: Position,
  step: number,
  steps: number,
): void {
  const { counts } = threat.norm;
  const unit = moves.range || scales.distance;
  const rate = PRIMAL_STEP * unit * PRIMAL_SHARE ** (step / steps);
  const pull = (rate * share) / Math.max(1 - share, TINY) / (counts ? 1 : unit);
  const [first, second] = [1 - FIRST_DECAY ** (step + 1), 1 - SECOND_DECAY ** (step + 1)];
  const sizeAt = (k: number): number => Math.sqrt((square[k] ?? 0) / second) + TINY;
  let most = 0;
  for (let k = 0; k < x.length; k++) {
    const g = slope ? (-(slope[k] ?? 0) * (moves.weight[k] ?? 0)) / scales.lead : 0;
    mean[k] = FIRST_DECAY * (mean[k] ?? 0) + (1 - FIRST_DECAY) * g;
    square[k] = SECOND_DECAY * (square[k] ?? 0) + (1 - SECOND_DECAY) * g * g;
    most = Math.max(most, sizeAt(k));
  }
  const [low, high] = threat.clip ?? [-Infinity, Infinity];
  for (let k = 0; k < x.length; k++) {
    const w = moves.weight[k] ?? 0;
    if (w === 0) continue;
    const [c, size] = [centre[k] ?? 0, sizeAt(k)];
    const moved = (x[k] ?? 0) - (w * rate * (mean[k] ?? 0)) / (first * size);
    const aim = (Math.min(high, Math.max(low, moved)) - c) / w;
    x[k] = c + w * (counts ? hard(aim, pull / size) : slid(aim, pull / most, size / most));
  }
  moves.clip(x);
}

/** The proximal step of t·[δ ≠ 0]. */
function hard(value: number, t: number): number {
  return value * value > 2 * t ? value : 0;
}

/**
 * Steps towards the proximal step of t·|δ| in a metric that is this share of the largest: where it is
 * small few of them only begin, so that features with small slopes stay a while and open ways.
 */
function slid(value: number, t: number, share: number): number {
  let delta = value;
  for (let slide = 0; slide < SLIDES; slide++) {
    const moved = delta - share * (delta - value);
    delta = Math.sign(moved) * Math.max(0, Math.abs(moved) - t);
  }
  return delta;
}
