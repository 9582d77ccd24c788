/** The open boxes of a search, by how far their bound is from closing them. Ends lie in one array that grows. */
import { BestFirst } from './best-first.ts';

export interface OpenBox {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly disjunct: number;
  /** The lower bound of the box it came from, less what would close it. */
  readonly key: number;
}

/** Boxes one after another. */
export interface BoxList {
  /** [count × width] */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly disjuncts: Int32Array;
  readonly keys: Float64Array;
}

export class BoxStore {
  private readonly width: number;
  private ends: Float32Array;
  private disjuncts: Int32Array;
  private keys: Float64Array;
  private readonly free: number[] = [];
  private used = 0;
  /** Slots. */
  private readonly open: BestFirst<number>;

  /** For boxes of `width` inputs; from `most` boxes on it goes depth first. */
  constructor(width: number, most: number) {
    this.width = width;
    this.open = new BestFirst(most, (slot) => this.keyOf(slot));
    this.ends = new Float32Array(2 * width * 64);
    this.disjuncts = new Int32Array(64);
    this.keys = new Float64Array(64);
  }

  get size(): number {
    return this.open.size;
  }

  /** The least key; Infinity when there is no box. */
  get worst(): number {
    return this.open.worst;
  }

  push({ lower, upper, disjunct, key }: OpenBox): void {
    const slot = this.free.pop() ?? this.grown();
    this.ends.set(lower, 2 * slot * this.width);
    this.ends.set(upper, (2 * slot + 1) * this.width);
    this.disjuncts[slot] = disjunct;
    this.keys[slot] = key;
    this.open.push(slot);
  }

  /** The next box, its ends written to the arrays given; its disjunct and key. */
  pop(
    lower: Float32Array,
    upper: Float32Array,
  ): { readonly disjunct: number; readonly key: number } | null {
    const slot = this.open.pop();
    if (slot === undefined) return null;
    const [start, middle] = [2 * slot * this.width, (2 * slot + 1) * this.width];
    lower.set(this.ends.subarray(start, middle));
    upper.set(this.ends.subarray(middle, middle + this.width));
    this.free.push(slot);
    return { disjunct: this.disjuncts[slot] ?? 0, key: this.keyOf(slot) };
  }

  /** The next boxes, so many or all. */
  take(most: number): BoxList {
    const { width } = this;
    const count = Math.min(most, this.size);
    const lower = new Float32Array(count * width);
    const upper = new Float32Array(count * width);
    const [disjuncts, keys] = [new Int32Array(count), new Float64Array(count)];
    for (let i = 0; i < count; i++) {
      const [start, end] = [i * width, (i + 1) * width];
      const next = this.pop(lower.subarray(start, end), upper.subarray(start, end));
      if (!next) throw new RangeError('a box was lost');
      [disjuncts[i], keys[i]] = [next.disjunct, next.key];
    }
    return { lower, upper, disjuncts, keys };
  }

  put({ lower, upper, disjuncts, keys }: BoxList): void {
    const { width } = this;
    disjuncts.forEach((disjunct, i) => {
      const [start, end] = [i * width, (i + 1) * width];
      const ends = { lower: lower.subarray(start, end), upper: upper.subarray(start, end) };
      this.push({ ...ends, disjunct, key: keys[i] ?? -Infinity });
    });
  }

  private keyOf(slot: number): number {
    return this.keys[slot] ?? 0;
  }

  private grown(): number {
    const slot = this.used++;
    if (slot < this.disjuncts.length) return slot;
    const [ends, disjuncts, keys] = [this.ends, this.disjuncts, this.keys];
    this.ends = new Float32Array(2 * ends.length);
    this.ends.set(ends);
    this.disjuncts = new Int32Array(2 * disjuncts.length);
    this.disjuncts.set(disjuncts);
    this.keys = new Float64Array(2 * keys.length);
    this.keys.set(keys);
    return slot;
  }
}
