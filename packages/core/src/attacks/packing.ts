/** Rows that leave an attack's batch: what those that stay are fed. */
import type { Rows } from '../threats/ball.ts';

/** The rows at the given positions. */
export function rowsAt(rows: Rows, positions: readonly number[], size: number): Rows {
  const x = new Float32Array(positions.length * size);
  positions.forEach((row, i) => x.set(rows.x.subarray(row * size, (row + 1) * size), i * size));
  return {
    count: positions.length,
    x,
    labels: Int32Array.from(positions, (row) => rows.labels[row] ?? 0),
    radii: Float64Array.from(positions, (row) => rows.radii[row] ?? 0),
    streams: positions.map((row) => rows.streams[row] ?? row),
  };
}
