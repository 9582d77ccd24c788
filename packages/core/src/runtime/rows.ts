/**
 * Running a program over many rows: cuts them into batches that fit the cache, pads nothing, and
 * joins the results. A program of a one-sample model gets one row at a time.
 */
import type { Graph } from '../graph/graph.ts';
import { widest } from '../graph/widest.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CancelSignal } from './cancel.ts';
import type { Program } from './programs.ts';

/** Rows a program sees at once, at most; where each is large, at least. */
export const BATCH_ROWS = 128;
const FEWEST_ROWS = 4;
/** Numbers of the largest value that a run makes: it stays in cache. */
const MOST_AT_ONCE = 2 ** 19;

/** A per-row feed: `width` numbers (or whole numbers) a row, shaped [rows, ...shape]. */
export interface RowFeed {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** What decides how many rows a program takes at once. */
export interface RowTaker {
  readonly model: { readonly batched: boolean; readonly graph: Graph };
}

const known = new WeakMap<Graph, number>();

/** Rows that are run at once through a network, forth or back. */
export function rowsAtOnce({ model: { batched, graph } }: RowTaker): number {
  if (!batched) return 1;
  const own = known.get(graph) ?? Math.floor(MOST_AT_ONCE / widest(graph.nodes));
  known.set(graph, own);
  return Math.min(BATCH_ROWS, Math.max(FEWEST_ROWS, own));
}

export type RowResults = Readonly<Record<string, Float32Array>>;

function part({ data, shape }: RowFeed, start: number, end: number): Tensor {
  const width = shape.reduce((product, dim) => product * dim, 1);
  const rows = [end - start, ...shape];
  return data instanceof Float32Array
    ? { type: 'float32', shape: rows, data: data.subarray(start * width, end * width) }
    : { type: 'int32', shape: rows, data: data.subarray(start * width, end * width) };
}

/** Runs `program` on `count` rows and joins each output's float32 rows. */
export async function runRows(
  classifier: RowTaker,
  program: Program,
  feeds: Readonly<Record<string, RowFeed>>,
  count: number,
  signal?: CancelSignal,
  most = BATCH_ROWS,
): Promise<RowResults> {
  const chunk = Math.min(most, rowsAtOnce(classifier));
  const joined: Record<string, Float32Array> = {};
  for (let start = 0; start < count; start += chunk) {
    signal?.throwIfAborted();
    const end = Math.min(count, start + chunk);
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [name, part(feed, start, end)]),
    );
    for (const [name, { data }] of Object.entries(await program.run(inputs))) {
      if (!(data instanceof Float32Array)) throw new TypeError(`output ${name} is not float32`);
      const width = data.length / (end - start);
      joined[name] ??= new Float32Array(count * width);
      joined[name].set(data, start * width);
    }
  }
  return joined;
}
