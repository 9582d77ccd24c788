/** Rows bounded chunk by chunk, each as large as stays in cache, in arrays that are used again. */
import type { Tensor } from '../tensor/tensor.ts';
import type { GroupRows } from './group-climb.ts';
import type { RowSource } from './row-source.ts';
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

  /**
   * Bounds of all rows of each group; NaN where nothing is known. `bound` gives those of a chunk group by group, and
   * keeps nothing of what it is fed: `rows` [groups, rows, width], zeros behind a group's own.
   */
  async each(
    groups: readonly RowSource[],
    sizes: Sizes,
    bound: (chunk: Feeds, grouped: GroupRows) => Promise<Float32Array>,
  ): Promise<Float32Array[]> {
    const all = groups.map(({ count }) => new Float32Array(count).fill(Number.NaN));
    const longest = Math.max(...groups.map(({ count }) => count));
    const most = Math.min(longest, Math.max(1, Math.floor(this.most / groups.length)));
    const isPulled = groups.every(({ pulled }) => pulled !== null);
    const own = this.taken(groups.length * most * sizes.width);
    const start = isPulled ? this.taken(groups.length * most * sizes.start) : null;
    for (let from = 0; from < longest; from += most) {
      const rows = Math.min(most, longest - from);
      const used = groups.map(({ count }) => Math.min(rows, Math.max(0, count - from)));
      const written = (of: 'rows' | 'pulled', into: Float32Array, size: number): Tensor => {
        const data = into.subarray(0, groups.length * rows * size);
        groups.forEach((group, k) => {
          const count = used[k] ?? 0;
          const part = data.subarray(k * rows * size, (k + 1) * rows * size);
          part.fill(0, count * size);
          if (count > 0) group[of]?.(from, from + count, part.subarray(0, count * size));
        });
        return { type: 'float32', shape: [groups.length, rows, size], data };
      };
      const chunk: Record<string, Tensor> = { rows: written('rows', own, sizes.width) };
      if (start) chunk['pulled'] = written('pulled', start, sizes.start);
      const least = await bound(chunk, { rows, used });
      let at = 0;
      used.forEach((count, k) => {
        if (count > 0) all[k]?.set(least.subarray(at, at + count), from);
        at += count;
      });
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
