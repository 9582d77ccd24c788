/**
 * Random moves away from inputs for probes: of a share of the run's radius in its norm, of the shape its
 * threat has, not clipped (a probe asks what the function does, not what an attacker may). Where features
 * are counted, all of them move by that share of the valid range.
 */
import { RandomBlock } from '../tensor/random.ts';
import type { Rows } from '../threats/ball.ts';
import type { Threat } from '../threats/threat.ts';

/** Streams of draws that no attack uses. */
const PROBE_DRAW = 0x50000;

export interface Move {
  readonly seed: number;
  readonly share: number;
  /** Numbers the moves of one row. */
  readonly draw: number;
}

/** One move for each row: [rows × features]. */
export function moves(threat: Threat, rows: Rows, { seed, share, draw }: Move): Float32Array {
  const size = rows.x.length / Math.max(1, rows.count);
  const out = new Float32Array(rows.x.length);
  const direction = new Float64Array(size);
  const range = threat.clip ? threat.clip[1] - threat.clip[0] : 1;
  for (let row = 0; row < rows.count; row++) {
    const random = new RandomBlock(seed, rows.streams[row] ?? row, PROBE_DRAW + draw);
    if (threat.norm.counts) direction.forEach((_, k) => (direction[k] = random.sign(k)));
    else threat.norm.sample(random, direction);
    const length = share * (threat.norm.counts ? range : (rows.radii[row] ?? 0));
    for (let k = 0; k < size; k++) {
      const weight = threat.fixed.has(k) ? 0 : (threat.weights?.[k] ?? 1);
      out[row * size + k] = length * weight * (direction[k] ?? 0);
    }
  }
  return out;
}

/** x moved. */
export function moved(x: Float32Array, by: Float32Array, times = 1): Float32Array {
  return x.map((value, k) => value + times * (by[k] ?? 0));
}
