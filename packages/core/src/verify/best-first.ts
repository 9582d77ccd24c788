/**
 * Open branches by their keys, the least first, since that is where a witness would be. From so many on the
 * newest go first (depth first), so that memory stays bounded and nothing is forgotten.
 */
export class BestFirst<T> {
  private readonly most: number;
  private readonly keyOf: (branch: T) => number;
  /** A binary heap, the least key in front. */
  private readonly heap: T[] = [];
  private readonly newest: T[] = [];

  /** A branch's key stays what it is while it is open. */
  constructor(most: number, keyOf: (branch: T) => number) {
    this.most = most;
    this.keyOf = keyOf;
  }

  get size(): number {
    return this.heap.length + this.newest.length;
  }

  /** The least key; Infinity where nothing is open. */
  get worst(): number {
    const [first] = this.heap;
    const least = first === undefined ? Infinity : this.keyOf(first);
    return this.newest.reduce((worst, branch) => Math.min(worst, this.keyOf(branch)), least);
  }

  push(branch: T): void {
    if (this.size >= this.most) {
      this.newest.push(branch);
      return;
    }
    const { heap } = this;
    const key = this.keyOf(branch);
    let at = heap.push(branch) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? branch;
      if (this.keyOf(above) <= key) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = branch;
  }

  put(branches: readonly T[]): void {
    for (const branch of branches) this.push(branch);
  }

  /** The next branch; undefined where nothing is open. */
  pop(): T | undefined {
    return this.newest.pop() ?? this.first();
  }

  /** The next branches, so many or all. */
  take(most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most) {
      const next = this.pop();
      if (next === undefined) break;
      taken.push(next);
    }
    return taken;
  }

  private first(): T | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    const key = this.keyOf(last);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && this.keyOf(right) < this.keyOf(left)) child++;
      const least = heap[child] ?? left;
      if (this.keyOf(least) >= key) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
