/**
 * Arrays that are used again: what is allocated outside the heap by the megabyte keeps the collector running.
 * Whoever takes some has them alone until the lease ends; where it never ends they are collected as ever.
 */
import type { Tensor } from './tensor.ts';

type Results = Readonly<Record<string, Tensor>>;

export class Buffers {
  private readonly arrays = new Map<number, Float32Array[]>();
  private readonly results = new Map<string, Results[]>();

  lease(): Lease {
    return new Lease(this.arrays, this.results);
  }
}

export class Lease {
  private readonly arrays: Map<number, Float32Array[]>;
  private readonly results: Map<string, Results[]>;
  private readonly taken: Float32Array[] = [];
  private readonly spent: (readonly [string, Results])[] = [];

  constructor(arrays: Map<number, Float32Array[]>, results: Map<string, Results[]>) {
    this.arrays = arrays;
    this.results = results;
  }

  /** All zero. */
  readonly take = (length: number): Float32Array => {
    const array = this.arrays.get(length)?.pop()?.fill(0) ?? new Float32Array(length);
    this.taken.push(array);
    return array;
  };

  /** What a program may write its results into, if any is there; `key` tells the program and the sizes of its feeds. */
  into(key: string): Results | undefined {
    return this.results.get(key)?.pop();
  }

  /** Results that nobody reads once the lease has ended. */
  spend(key: string, results: Results): void {
    this.spent.push([key, results]);
  }

  /** Nobody reads or writes what was taken any more. */
  end(): void {
    for (const array of this.taken.splice(0)) listed(this.arrays, array.length).push(array);
    for (const [key, results] of this.spent.splice(0)) listed(this.results, key).push(results);
  }
}

function listed<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const known = lists.get(key) ?? [];
  lists.set(key, known);
  return known;
}
