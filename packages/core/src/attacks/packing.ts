/**
 * Rows that leave an attack's batch: what is kept for each row lies packed at the front of arrays
 * made once, and those that stand move up in place, so that a step allocates nothing for a row.
 */
import type { RowFeed } from '../runtime/rows.ts';
import type { Rows } from '../threats/ball.ts';

/** One number a row. */
export function column(count: number, value = 0): RowFeed & { readonly data: Float32Array } {
  return { data: new Float32Array(count).fill(value), shape: [] };
}

/** Copies, to be packed: the feeds given may belong to somebody else. */
export function owned(feeds: Readonly<Record<string, RowFeed>>): Record<string, RowFeed> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]),
  );
}

/** Moves the rows that stand to the front of every array; returns how many they are. */
export function pack(columns: Iterable<RowFeed>, stands: Uint8Array, count: number): number {
  let kept = 0;
  for (const { data, shape } of columns) {
    const width = shape.reduce((product, dim) => product * dim, 1);
    kept = 0;
    for (let row = 0; row < count; row++) {
      if (stands[row] === 0) continue;
      if (kept < row) data.copyWithin(kept * width, row * width, (row + 1) * width);
      kept++;
    }
  }
  return kept;
}

/** The inputs of the rows at the given positions. */
export function inputsAt(
  x: Float32Array,
  positions: readonly number[],
  size: number,
): Float32Array {
  const own = new Float32Array(positions.length * size);
  positions.forEach((row, i) => own.set(x.subarray(row * size, (row + 1) * size), i * size));
  return own;
}

/** The rows at the given positions. */
export function rowsAt(rows: Rows, positions: readonly number[], size: number): Rows {
  return {
    count: positions.length,
    x: inputsAt(rows.x, positions, size),
    labels: Int32Array.from(positions, (row) => rows.labels[row] ?? 0),
    radii: Float64Array.from(positions, (row) => rows.radii[row] ?? 0),
    streams: positions.map((row) => rows.streams[row] ?? row),
  };
}
