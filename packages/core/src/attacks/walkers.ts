/** Walkers: positions for rows, each towards a rival class, that a search for the nearest break moves. */
import type { RowFeed } from '../runtime/rows.ts';
import { networkFeeds, type Rows, type SetContext } from '../threats/ball.ts';

/** Positions, each of one row and towards one class (−1: the strongest rival of the moment). */
export interface Walkers {
  readonly row: Int32Array;
  readonly targets: Int32Array;
  /** [walkers × sampleSize], moved in place. */
  readonly x: Float32Array;
  readonly feeds: Readonly<Record<string, RowFeed>>;
}

/** What the lead program is fed at positions of these rows, besides the positions. */
export function feedsFor(
  context: SetContext,
  rows: Rows,
  row: Int32Array,
): Record<string, RowFeed> {
  const own = {
    ...rows,
    count: row.length,
    labels: Int32Array.from(row, (r) => rows.labels[r] ?? 0),
    streams: Array.from(row, (r) => rows.streams[r] ?? r),
  };
  return networkFeeds(context, own);
}

/** One place for each row, towards the strongest rival of the moment. */
export function placesOf(rows: Rows): { readonly row: number; readonly target: number }[] {
  return Array.from({ length: rows.count }, (_, row) => ({ row, target: -1 }));
}

/** Walkers standing on their rows' inputs. */
export function walkersFor(
  context: SetContext,
  rows: Rows,
  places: readonly { readonly row: number; readonly target: number }[],
): Walkers {
  const size = context.classifier.sampleSize;
  const row = Int32Array.from(places, (place) => place.row);
  const targets = Int32Array.from(places, (place) => place.target);
  const x = new Float32Array(row.length * size);
  row.forEach((r, i) => x.set(rows.x.subarray(r * size, (r + 1) * size), i * size));
  const feeds = { ...feedsFor(context, rows, row), targets: { data: targets, shape: [] } };
  return { row, targets, x, feeds };
}

/** The walkers at some positions of others, which go on from where they stand. */
export function keepWalkers(
  context: SetContext,
  rows: Rows,
  walkers: Walkers,
  kept: readonly number[],
): Walkers {
  const size = context.classifier.sampleSize;
  const places = kept.map((i) => ({ row: walkers.row[i] ?? 0, target: walkers.targets[i] ?? -1 }));
  const fewer = walkersFor(context, rows, places);
  kept.forEach((from, to) =>
    fewer.x.set(walkers.x.subarray(from * size, (from + 1) * size), to * size),
  );
  return fewer;
}
