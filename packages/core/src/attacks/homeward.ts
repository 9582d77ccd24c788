/**
 * From each row's nearest break to the point of the boundary linearised there that is nearest to the input
 * (Croce & Hein 2020, section 3.2): what a search that only hovers about the boundary leaves to be gained.
 */
import type { Rows } from '../threats/ball.ts';
import type { AttackContext } from './attack.ts';
import type { NearestBreaks } from './nearest.ts';
import { walkersFor } from './walkers.ts';

/** So far past the linearised boundary. */
const PAST = 1.001;

export async function homeward(
  context: AttackContext,
  rows: Rows,
  breaks: NearestBreaks,
): Promise<void> {
  const size = context.classifier.sampleSize;
  const found = Array.from(rows.labels.keys()).filter((row) => breaks.found(row));
  if (found.length === 0) return;
  const places = found.map((row) => ({ row, target: -1 }));
  const walkers = walkersFor(context, rows, places);
  found.forEach((row, i) => walkers.x.set(breaks.best(row), i * size));
  const { lead, gradient } = await breaks.look(walkers);
  const move = new Float64Array(size);
  found.forEach((row, i) => {
    const x = walkers.x.subarray(i * size, (i + 1) * size);
    const slope = gradient.subarray(i * size, (i + 1) * size);
    const centre = breaks.centre(row);
    let need = -(lead[i] ?? 0);
    for (let k = 0; k < size; k++) need += (slope[k] ?? 0) * ((x[k] ?? 0) - (centre[k] ?? 0));
    breaks.moves.cross(centre, slope, need, move);
    x.set(centre);
    breaks.moves.go(x, move, PAST);
  });
  await breaks.look(walkers);
}
