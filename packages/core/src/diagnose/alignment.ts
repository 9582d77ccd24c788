/**
 * Which way a model's gradient points: the same at an input and beside it, and along what makes the input differ
 * from others. A training that overfits to its own attack loses the first (Andriushchenko & Flammarion 2020); one
 * that is robust for what is seen gains the second (Etmann et al. 2019).
 */
import type { AttackContext } from '../attacks/attack.ts';
import type { Rows } from '../threats/ball.ts';
import { moved, moves } from './directions.ts';
import { slopesAt } from './slopes.ts';

/** Means over inputs, 0 to 1 but for what is opposed; null where no gradient is to be compared. */
export interface GradientAlignment {
  /** Cosine of the margin's gradient at an input with that at a random point within ε/10. */
  readonly nearby: number | null;
  /** |cosine| of the margin's gradient with the input less the mean of all. */
  readonly withInput: number | null;
}

/**
 * How far neighbours are, in radii. At a whole one the gradients of networks that are robust for good reasons have
 * parted too: of a classifier of digits adversarially trained against 0.3 their cosine is 0.06.
 */
const BESIDE = 0.1;
/** Numbers the random points: apart from those of other probes. */
const DRAW = 0x400;

export async function gradientAlignment(
  context: AttackContext,
  rows: Rows,
): Promise<GradientAlignment> {
  const { threat, seed } = context;
  const size = rows.x.length / Math.max(1, rows.count);
  const here = await slopesAt(context, rows);
  const by = moves(threat, rows, { seed, share: BESIDE, draw: DRAW });
  const there = await slopesAt(context, { ...rows, x: moved(rows.x, by) });
  const centre = new Float64Array(size);
  rows.x.forEach((value, i) => (centre[i % size] = (centre[i % size] ?? 0) + value / rows.count));
  const away = rows.x.map((value, i) => value - (centre[i % size] ?? 0));
  return {
    nearby: meanOf(cosines(here, there, size)),
    withInput: meanOf(cosines(here, away, size).map(Math.abs)),
  };
}

/** Of rows neither of which is 0. */
function cosines(a: Float32Array, b: Float32Array, size: number): number[] {
  const found: number[] = [];
  for (let start = 0; start < a.length; start += size) {
    let [dot, first, second] = [0, 0, 0];
    for (let i = start; i < start + size; i++) {
      const [u, v] = [a[i] ?? 0, b[i] ?? 0];
      dot += u * v;
      first += u * u;
      second += v * v;
    }
    const cosine = dot / Math.sqrt(first * second);
    if (Number.isFinite(cosine)) found.push(cosine);
  }
  return found;
}

function meanOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
