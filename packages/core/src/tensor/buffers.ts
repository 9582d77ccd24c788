/**
 * Arrays that are used again: what is allocated outside the heap by the megabyte keeps the collector running.
 * Whoever takes some has them alone until the lease ends; where it never ends they are collected as ever.
 */
import type { Tensor } from './tensor.ts';

type Results = Readonly<Record<string, Tensor>>;

/** Bytes that may lie unused; beyond, all sizes that are not asked for any more go. */
const MOST_UNUSED = 2 ** 27;

export class Buffers {
  private readonly most: number;
  private readonly arrays = new Map<number, Float32Array[]>();
  private readonly results = new Map<string, Results[]>();
  private unused = 0;

  constructor(most = MOST_UNUSED) {
    this.most = most;
  }

  lease(): Lease {
    return new Lease(this);
  }

  array(length: number): Float32Array | undefined {
    const found = this.arrays.get(length)?.pop();
    this.unused -= found?.byteLength ?? 0;
    return found;
  }

  resultsOf(key: string): Results | undefined {
    const found = this.results.get(key)?.pop();
    this.unused -= found ? bytesOf(found) : 0;
    return found;
  }

  give(arrays: readonly Float32Array[], spent: readonly (readonly [string, Results])[]): void {
    const given = [...arrays, ...spent.flatMap(([, results]) => dataOf(results))];
    const bytes = given.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (this.unused + bytes > this.most) {
      this.arrays.clear();
      this.results.clear();
      this.unused = 0;
    }
    if (bytes > this.most) return;
    for (const array of arrays) listed(this.arrays, array.length).push(array);
    for (const [key, results] of spent) listed(this.results, key).push(results);
    this.unused += bytes;
  }
}

export class Lease {
  private readonly buffers: Buffers;
  private readonly taken: Float32Array[] = [];
  private readonly spent: (readonly [string, Results])[] = [];

  constructor(buffers: Buffers) {
    this.buffers = buffers;
  }

  /** All zero. */
  readonly take = (length: number): Float32Array => {
    const array = this.buffers.array(length)?.fill(0) ?? new Float32Array(length);
    this.taken.push(array);
    return array;
  };

  /** What a program may write its results into, if any is there; `key` tells the program and the sizes of its feeds. */
  into(key: string): Results | undefined {
    return this.buffers.resultsOf(key);
  }

  /** Results that nobody reads once the lease has ended. */
  spend(key: string, results: Results): void {
    this.spent.push([key, results]);
  }

  /** Nobody reads or writes what was taken any more. */
  end(): void {
    this.buffers.give(this.taken.splice(0), this.spent.splice(0));
  }
}

function dataOf(results: Results): Tensor['data'][] {
  return Object.values(results).map(({ data }) => data);
}

function bytesOf(results: Results): number {
  return dataOf(results).reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function listed<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const known = lists.get(key) ?? [];
  lists.set(key, known);
  return known;
}
