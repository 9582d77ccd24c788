/**
 * Carlini & Wagner (2017), ℓ2: Adam on ‖δ‖² + c·(−lead)⁺ in the variable whose tanh spans the valid box
 * (in δ itself where there is none), with a binary search over c for each row. Unlike as published, c and
 * the step start from the input's own linearised distance, so that no scale of inputs or logits is special.
 */
import { type Attack, type AttackContext, emptyOutcome, servesOnly } from './attack.ts';
import { NearestBreaks, type Slopes } from './nearest.ts';
import { walkersFor, placesOf } from './walkers.ts';

export interface CwOptions {
  readonly steps: number;
  /** Values of c that are tried. */
  readonly searches: number;
}

const [FIRST_DECAY, SECOND_DECAY, TINY] = [0.9, 0.999, 1e-12];
/** Adam's step: in the variable of tanh, and else in units of a coordinate's part of the linearised distance. */
const BOXED_RATE = 0.1;
const RATE = 0.3;
/** c suffices where there is a break after this share of the steps: a passing one may be momentum's. */
const LATE = 0.9;
/** Keeps inputs on the box's faces inside the range of tanh. */
const INSIDE = 1 - 1e-3;

/** What the optimiser keeps for each row. */
interface Search {
  c: number;
  low: number;
  high: number;
  rate: number;
  broke: boolean;
}

export function cw({ steps, searches }: CwOptions): Attack {
  return {
    id: 'cw',
    side: 'attack',
    aim: 'nearest',
    cost: { forwards: steps * searches + 12, gradients: steps * searches },
    refusal: servesOnly('l2'),
    run: async (context, rows, outcome) => {
      if (rows.count === 0) return emptyOutcome(rows);
      const breaks = new NearestBreaks(context, rows, outcome);
      const places = placesOf(rows);
      const walkers = walkersFor(context, rows, places);
      const first = await breaks.look(walkers);
      const states = places.map(({ row }) => begun(context, breaks, first, row));
      const size = context.classifier.sampleSize;
      const space = new TanhSpace(context, size);
      const [mean, square, w, start] = [0, 1, 2, 3].map(() => new Float64Array(rows.x.length));
      if (!mean || !square || !w || !start) return breaks.outcome;
      for (let i = 0; i < start.length; i++) start[i] = space.inverse(rows.x[i] ?? 0);
      for (let search = 0; search < searches; search++) {
        mean.fill(0);
        square.fill(0);
        w.set(start);
        walkers.x.set(rows.x);
        for (const state of states) state.broke = false;
        for (let step = 1; step <= steps; step++) {
          const slopes = await breaks.look(walkers);
          const fade = (1 + Math.cos((Math.PI * (step - 1)) / steps)) / 2;
          states.forEach((state, row) => {
            if (slopes.broken[row] && step > LATE * steps) state.broke = true;
            const pushed = (slopes.lead[row] ?? 0) < 0 ? state.c : 0;
            for (let k = row * size; k < (row + 1) * size; k++) {
              const x = walkers.x[k] ?? 0;
              const delta = space.pull(k % size, x - (rows.x[k] ?? 0));
              const g = (2 * delta - pushed * (slopes.gradient[k] ?? 0)) * space.slope(w[k] ?? 0);
              const m = FIRST_DECAY * (mean[k] ?? 0) + (1 - FIRST_DECAY) * g;
              const v = SECOND_DECAY * (square[k] ?? 0) + (1 - SECOND_DECAY) * g * g;
              mean[k] = m;
              square[k] = v;
              const size1 = m / (1 - FIRST_DECAY ** step);
              const size2 = Math.sqrt(v / (1 - SECOND_DECAY ** step));
              w[k] = (w[k] ?? 0) - (state.rate * fade * size1) / (size2 + TINY);
              if (!space.frozen(k % size)) walkers.x[k] = space.value(w[k] ?? 0);
            }
          });
        }
        for (const state of states) halve(state);
      }
      return breaks.tighten();
    },
  };
}

/** c where the linearised problem has its solution on the boundary, and a step in proportion to it. */
function begun(
  { threat, classifier }: AttackContext,
  breaks: NearestBreaks,
  { lead, gradient }: Slopes,
  row: number,
): Search {
  const size = classifier.sampleSize;
  const slope = breaks.moves.dualLength(gradient.subarray(row * size, (row + 1) * size));
  const distance = slope > 0 ? Math.abs(lead[row] ?? 0) / slope : 1;
  const rate = threat.clip ? BOXED_RATE : (RATE * distance) / Math.sqrt(size);
  const c = slope > 0 ? (2 * distance) / slope : 1;
  return { c, low: 0, high: Infinity, rate, broke: false };
}

function halve(state: Search): void {
  if (state.broke) state.high = Math.min(state.high, state.c);
  else state.low = Math.max(state.low, state.c);
  state.c = state.high === Infinity ? 10 * state.c : (state.low + state.high) / 2;
}

/** The variable that is searched, and the inputs it stands for. */
class TanhSpace {
  private readonly middle: number;
  private readonly half: number;
  private readonly context: AttackContext;
  private readonly weights: Float64Array;

  constructor(context: AttackContext, size: number) {
    const { clip, weights } = context.threat;
    this.context = context;
    this.middle = clip ? (clip[0] + clip[1]) / 2 : 0;
    this.half = clip ? (clip[1] - clip[0]) / 2 : 0;
    this.weights = Float64Array.from({ length: size }, (_, i) => (weights?.[i] ?? 1) ** 2);
  }

  inverse(x: number): number {
    if (this.half === 0) return x;
    return Math.atanh(Math.max(-INSIDE, Math.min(INSIDE, (x - this.middle) / this.half)));
  }

  value(w: number): number {
    return this.half === 0 ? w : this.middle + this.half * Math.tanh(w);
  }

  /** dx/dw. */
  slope(w: number): number {
    return this.half === 0 ? 1 : this.half * (1 - Math.tanh(w) ** 2);
  }

  /** Half the gradient of ‖δ / weights‖² in one coordinate. */
  pull(feature: number, delta: number): number {
    return delta / (this.weights[feature] ?? 1);
  }

  frozen(feature: number): boolean {
    return this.context.threat.fixed.has(feature);
  }
}
