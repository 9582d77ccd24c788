/** Rows bounded chunk by chunk, each as large as stays in cache, in arrays that are used again. */
import type { Tensor } from '../tensor/tensor.ts';
import type { RowSource, Write } from './row-source.ts';
import type { Feeds } from './staged-programs.ts';

/** Coefficients of one value that are computed at once: they stay in cache. */
const MOST_AT_ONCE = 2 ** 17;
/** A run costs more than what so few rows lose by leaving the cache. */
const LEAST_ROWS = 64;

/** Rows that are propagated at once through values of at most so many elements. */
export function rowsAtOnce(widest: number): number {
  return Math.max(LEAST_ROWS, Math.floor(MOST_AT_ONCE / widest));
}

/** Elements of the layer, and of the value that its affine region starts from. */
interface Sizes {
  readonly width: number;
  readonly start: number;
}

export class RowChunks {
  private readonly most: number;
  private readonly free: Float32Array[] = [];

  constructor(most: number) {
    this.most = most;
  }

  /** Bounds of all rows; NaN where a chunk has none. `bound` keeps nothing of what it is fed. */
  async each(
    { count, rows, pulled }: RowSource,
    sizes: Sizes,
    bound: (chunk: Feeds) => Promise<Float32Array | null>,
  ): Promise<Float32Array> {
    const all = new Float32Array(count).fill(Number.NaN);
    const { width } = sizes;
    const most = Math.min(count, this.most);
    const own = this.taken(most * width);
    const start = pulled ? this.taken(most * sizes.start) : null;
    for (let from = 0; from < count; from += most) {
      const to = Math.min(count, from + most);
      const written = (write: Write, into: Float32Array, size: number): Tensor => {
        const data = into.subarray(0, (to - from) * size);
        write(from, to, data);
        return { type: 'float32', shape: [1, to - from, size], data };
      };
      const chunk: Record<string, Tensor> = { rows: written(rows, own, width) };
      if (pulled && start) chunk['pulled'] = written(pulled, start, sizes.start);
      const least = await bound(chunk);
      if (least) all.set(least, from);
    }
    this.free.push(own, ...(start ? [start] : []));
    return all;
  }

  /** An array of at least so many numbers that nobody uses. */
  private taken(size: number): Float32Array {
    const at = this.free.findIndex(({ length }) => length >= size);
    return this.free.splice(at, at < 0 ? 0 : 1)[0] ?? new Float32Array(size);
  }
}
