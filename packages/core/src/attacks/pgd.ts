/**
 * Projected gradient descent with restarts (Madry et al. 2018): steps of α·ε in the steepest
 * direction of the norm, projected onto ball ∩ valid box, α falling over the run; the best iterate is
 * kept, and a row leaves the batch as soon as its margin is not positive.
 */
import { runRows } from '../runtime/rows.ts';
import { ballFeeds, networkFeeds, type Rows } from '../threats/ball.ts';
import { type Attack, type AttackContext, type AttackOutcome, emptyOutcome } from './attack.ts';
import type { LossName } from './losses.ts';
import { rowsAt } from './packing.ts';
import { marginProgram, stepProgram } from './programs.ts';
import { startingPoints } from './starting-points.ts';

export interface PgdOptions {
  /** Name in the ledger; by default that of the loss. */
  readonly id?: string;
  readonly loss: LossName;
  readonly steps: number;
  readonly restarts: number;
  /** First step in units of ε; it falls by the cosine schedule to a twentieth. */
  readonly stepSize?: number;
}

const FIRST_STEP = 0.5;
const LAST_SHARE = 0.05;

export function stepSizeAt(options: PgdOptions, step: number): number {
  const first = options.stepSize ?? FIRST_STEP;
  const wave = (1 + Math.cos((Math.PI * step) / Math.max(1, options.steps))) / 2;
  return first * (LAST_SHARE + (1 - LAST_SHARE) * wave);
}

export function pgd(options: PgdOptions): Attack {
  const { steps, restarts } = options;
  return {
    id: options.id ?? (options.loss === 'margin' ? 'pgd-margin' : 'pgd-ce'),
    side: 'attack',
    aim: 'ball',
    cost: { forwards: restarts * (steps + 1), gradients: restarts * steps },
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      let open = Array.from({ length: rows.count }, (_, row) => row);
      for (let restart = 0; restart < options.restarts && open.length > 0; restart++) {
        const draw = restart + (options.loss === 'margin' ? 0 : 0x8000);
        const start = startingPoints(context, rows, open, { run: restart, draw });
        await climb(context, options, rows, open, start, outcome);
        open = open.filter((row) => (outcome.margins[row] ?? 0) > 0);
      }
      return outcome;
    },
  };
}

/** One run for the open rows; writes the best iterates into the outcome. */
async function climb(
  context: AttackContext,
  options: PgdOptions,
  rows: Rows,
  open: readonly number[],
  start: Float32Array,
  outcome: AttackOutcome,
): Promise<void> {
  const { classifier, threat, signal } = context;
  const { sampleSize: size, sampleShape: shape } = classifier;
  const program = await stepProgram(classifier, threat, options.loss);
  let active = [...open];
  let x = start;
  let own = rowsAt(rows, active, size);
  let ball = ballFeeds(context, own, 'inward');
  for (let step = 0; step <= options.steps && active.length > 0; step++) {
    const last = step === options.steps;
    const stepSizes = new Float32Array(active.length).fill(stepSizeAt(options, step));
    const feeds = last
      ? { x: { data: x, shape }, ...networkFeeds(context, own) }
      : { ...ball, x: { data: x, shape }, step: { data: stepSizes, shape: [] } };
    const running = last ? await marginProgram(classifier) : program;
    const results = await runRows(classifier, running, feeds, active.length, signal);
    const keep = record(outcome, active, x, results['margin'], size, !last);
    const next = results['next'] ?? x;
    if (keep.length === active.length) {
      x = next;
      continue;
    }
    x = gather(next, keep, size);
    active = keep.map((i) => active[i] ?? 0);
    own = rowsAt(rows, active, size);
    ball = ballFeeds(context, own, 'inward');
  }
}

/** Notes each row's margin; returns the positions of rows that still stand. */
function record(
  outcome: AttackOutcome,
  active: readonly number[],
  x: Float32Array,
  margins: Float32Array | undefined,
  size: number,
  gradient: boolean,
): number[] {
  const keep: number[] = [];
  active.forEach((row, i) => {
    const margin = margins?.[i] ?? Number.NaN;
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
    if (gradient) outcome.gradients[row] = (outcome.gradients[row] ?? 0) + 1;
    outcome.trace?.note(row, margin);
    // A margin that is no number is a candidate too: the original file will say.
    if (!(margin >= (outcome.margins[row] ?? Infinity))) {
      outcome.margins[row] = margin;
      outcome.best.set(x.subarray(i * size, (i + 1) * size), row * size);
    }
    if (margin > 0) keep.push(i);
  });
  return keep;
}

function gather(values: Float32Array, positions: readonly number[], size: number): Float32Array {
  const out = new Float32Array(positions.length * size);
  positions.forEach((from, to) => {
    out.set(values.subarray(from * size, (from + 1) * size), to * size);
  });
  return out;
}
