/** Points around one row that are asked together: copies of a point that the caller changes. */
import type { Asked, NearestBreaks } from './nearest.ts';

export class RowTrials {
  count = 0;
  private x: Float32Array;
  private readonly breaks: NearestBreaks;
  private readonly row: number;
  private readonly size: number;

  constructor(breaks: NearestBreaks, row: number, size: number) {
    this.breaks = breaks;
    this.row = row;
    this.size = size;
    this.x = new Float32Array(64 * size);
  }

  /** Adds a copy of `base`; what is returned is changed before the next one is added. */
  add(base: Float32Array): Float32Array {
    const at = this.count++ * this.size;
    if (at + this.size > this.x.length) {
      const wider = new Float32Array(2 * this.x.length);
      wider.set(this.x);
      this.x = wider;
    }
    const own = this.x.subarray(at, at + this.size);
    own.set(base);
    return own;
  }

  point(i: number): Float32Array {
    return this.x.subarray(i * this.size, (i + 1) * this.size);
  }

  /** Asks about all points, which are offered as breaks, and begins anew; points stay until the next is added. */
  async ask(): Promise<Asked> {
    const owners = new Int32Array(this.count).fill(this.row);
    const asked = await this.breaks.ask(owners, this.x.subarray(0, this.count * this.size));
    this.count = 0;
    return asked;
  }
}
