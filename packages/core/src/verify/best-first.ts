/**
 * Open branches by their keys, the least first, since that is where a witness would be. From so many on the
 * newest go first (depth first), so that memory stays bounded and nothing is forgotten.
 */
export class BestFirst<T extends { readonly key: number }> {
  private readonly most: number;
  /** A binary heap, the least key in front. */
  private readonly heap: T[] = [];
  private readonly newest: T[] = [];

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.heap.length + this.newest.length;
  }

  /** The least key; Infinity where nothing is open. */
  get worst(): number {
    const newest = this.newest.reduce((least, { key }) => Math.min(least, key), Infinity);
    return Math.min(newest, this.heap[0]?.key ?? Infinity);
  }

  push(branch: T): void {
    if (this.size >= this.most) {
      this.newest.push(branch);
      return;
    }
    const { heap } = this;
    let at = heap.push(branch) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? branch;
      if (above.key <= branch.key) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = branch;
  }

  /** The next branches, so many or all. */
  take(most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most) {
      const next = this.newest.pop() ?? this.first();
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
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && right.key < left.key) child++;
      const least = heap[child] ?? left;
      if (least.key >= last.key) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
