/**
 * How far a search by branch and bound has come: the least key of what is open rises by about as much each time
 * the number of branches doubles, until it is above 0 and nothing is open.
 */

/** Times as many branches as there were that are worth waiting for. */
const PATIENCE = 16;

export class Progress {
  private readonly branches: number[] = [];
  private readonly keys: number[] = [];
  /** The last note of at most half the branches. */
  private half = -1;

  /** After so many branches, with the least key of what is open. */
  note(branches: number, key: number): void {
    this.branches.push(branches);
    this.keys.push(key);
    while (2 * (this.branches[this.half + 1] ?? Infinity) <= branches) this.half++;
  }

  /** The least key that was noted first; −Infinity before. */
  get first(): number {
    return this.keys[0] ?? -Infinity;
  }

  /** Branches at which nothing will be open, if all goes on as it does; Infinity where nothing tells. */
  get predicted(): number {
    const [now, key] = [this.branches.at(-1), this.keys.at(-1)];
    const [before, lower] = [this.branches[this.half], this.keys[this.half]];
    if (now === undefined || key === undefined || before === undefined || lower === undefined)
      return Infinity;
    if (key >= 0) return now;
    const each = (key - lower) / Math.log2(now / before);
    return each > 0 && each < Infinity ? now * 2 ** (-key / each) : Infinity;
  }

  /** Whether going on is better than anything else: the end is in sight. */
  get isPromising(): boolean {
    return this.predicted <= PATIENCE * (this.branches.at(-1) ?? 0);
  }
}
