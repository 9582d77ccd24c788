/**
 * Where runs in a ball begin: the first where an earlier attack ended or at the input, later ones at
 * random points of the set, uniform in the share of the radius. Random numbers belong to rows.
 */
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import type { AttackContext } from './attack.ts';

export interface Start {
  /** 0 for the first run of an attack. */
  readonly run: number;
  /** The draw of a random point. */
  readonly draw: number;
  /** The first run begins at a random point too, unless a start is known. */
  readonly random?: boolean;
}

/** The starting points of the open rows, packed: [open × sampleSize]. */
export function startingPoints(
  { classifier, threat, seed }: AttackContext,
  rows: Rows,
  open: readonly number[],
  { run, draw, random: isRandom = false }: Start,
): Float32Array {
  const size = classifier.sampleSize;
  const x = new Float32Array(open.length * size);
  open.forEach((row, i) => {
    const out = x.subarray(i * size, (i + 1) * size);
    const centre = rows.x.subarray(row * size, (row + 1) * size);
    const radius = rows.radii[row] ?? 0;
    if (run === 0 && rows.starts) {
      out.set(rows.starts.subarray(row * size, (row + 1) * size));
      threat.legalise(centre, out, radius);
    } else if (run === 0 && !isRandom) {
      out.set(centre);
    } else {
      const random = new RandomBlock(seed, rows.streams[row] ?? row, draw);
      threat.sample(centre, radius * random.uniform(-1), random, out);
    }
  });
  return x;
}
