/**
 * Iterated gradient steps with every valid input to choose from (Athalye et al. 2018, section 3.1). Whatever the
 * run's norm, all that is valid is a box, so the steps are those of ℓ∞: normalised ones of ℓ2 stand still where
 * the steepest features have come to their ends. What long steps over the whole box do not break is tried with
 * short ones, then with a radius that rises, from the best point so far. Plain gradients, nothing random.
 */
import type { Threat } from '../threats/threat.ts';
import { type Attack, emptyOutcome, offer } from './attack.ts';
import type { LossName } from './losses.ts';
import { inputsAt, rowsAt } from './packing.ts';
import { pgd } from './pgd.ts';

export interface UnboundedOptions {
  readonly loss: LossName;
  /** Of each run over the whole box; of each radius that rises a fifth. */
  readonly steps: number;
}

interface Run {
  readonly steps: number;
  /** First step, in units of the run's radius. */
  readonly stepSize: number;
  /** Its radius as a share of the one that holds all that is valid. */
  readonly share: number;
  /** Whether it begins where the last one came farthest; else at the input. */
  readonly goesOn: boolean;
}

/** Without a valid box, so many times the input's largest value. */
const FAR = 10;
const STEP_SIZES = [0.5, 0.05];
const RISING = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

function runsOf(steps: number): Run[] {
  const whole = STEP_SIZES.map((stepSize) => ({ steps, stepSize, share: 1, goesOn: false }));
  const rising = RISING.map((share, i) => {
    return { steps: Math.ceil(steps / 5), stepSize: 0.25, share, goesOn: i > 0 };
  });
  return [...whole, ...rising];
}

export function unbounded({ loss, steps }: UnboundedOptions): Attack {
  const runs = runsOf(steps);
  const gradients = runs.reduce((sum, run) => sum + run.steps, 0);
  return {
    id: 'pgd-unbounded',
    side: 'attack',
    aim: 'ball',
    cost: { forwards: gradients + runs.length, gradients },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const size = context.classifier.sampleSize;
      const threat = context.threat.at(context.threat.eps, 'linf');
      const reaches = Array.from(rows.labels.keys(), (row) =>
        boxReach(threat, rows.x.subarray(row * size, (row + 1) * size)),
      );
      const farthest = rows.x.slice();
      for (const { steps: own, stepSize, share, goesOn } of runs) {
        const open = [...reaches.keys()].filter((row) => (outcome.margins[row] ?? 0) > 0);
        if (open.length === 0) break;
        const attack = pgd({ loss, steps: own, restarts: 1, stepSize });
        const seen = await attack.run(
          { ...context, threat },
          {
            ...rowsAt(rows, open, size),
            radii: Float64Array.from(open, (row) => share * (reaches[row] ?? 0)),
            ...(goesOn ? { starts: inputsAt(farthest, open, size) } : {}),
          },
        );
        open.forEach((row, i) => {
          outcome.forwards[row] = (outcome.forwards[row] ?? 0) + (seen.forwards[i] ?? 0);
          outcome.gradients[row] = (outcome.gradients[row] ?? 0) + (seen.gradients[i] ?? 0);
          offer(outcome, row, seen.margins[i] ?? Number.NaN, seen.best, i, size);
          farthest.set(seen.best.subarray(i * size, (i + 1) * size), row * size);
        });
      }
      return outcome;
    },
  };
}

/** The ℓ∞ radius that holds all that is valid; without a valid box one far beyond the input. */
export function boxReach(threat: Threat, x: Float32Array): number {
  const reach = threat.reach(x);
  return Number.isFinite(reach) ? reach : FAR * largest(x);
}

/** A radius in the threat's own norm that holds everything that `unbounded` may choose. */
export function unboundedRadius(threat: Threat, x: Float32Array): number {
  const reach = threat.reach(x);
  if (Number.isFinite(reach)) return reach;
  return threat.norm.length(new Float64Array(x.length).fill(FAR * largest(x)));
}

/** The largest size of a feature, 1 at least. */
function largest(x: Float32Array): number {
  return x.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
}
