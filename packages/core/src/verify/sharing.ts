/**
 * A queue of boxes shared with helpers, which are other processes that know the same problem: whoever waits is
 * handed some of the worst boxes, works on them for a while, and hands back what is left. No box is ever in two
 * places, and none is forgotten.
 */
import type { BoxList, BoxStore } from './box-store.ts';

/** What became of boxes that were handed out. */
export interface Closed {
  /** The inputs of a witness. */
  readonly witness: Float32Array | null;
  /** Boxes that nothing closes and nothing cuts. */
  readonly stuck: number;
  /** Boxes that were bounded. */
  readonly branches: number;
  readonly open: BoxList;
}

export interface Helpers {
  /** Milliseconds that it takes to start one: what ends sooner is better off alone. */
  readonly startTime: number;
  /** Begins to start them. Called once, when the search has gone on for so long. */
  start(): void;
  /** How many wait for boxes. */
  readonly idle: number;
  /** One of those works on the boxes. Rejects where the time is up. */
  close(boxes: BoxList): Promise<Closed>;
}

/** Boxes handed over at once, at most. */
const MOST_BOXES = 4096;

export class Sharing {
  private readonly helpers: Helpers;
  private readonly store: BoxStore;
  private readonly begun = Date.now();
  private isStarted = false;
  private readonly away = new Map<BoxList, Promise<void>>();
  private answers: Closed[] = [];
  private failure: Error | null = null;

  constructor(helpers: Helpers, store: BoxStore) {
    this.helpers = helpers;
    this.store = store;
  }

  /** Whether boxes are away. */
  get isBusy(): boolean {
    return this.away.size > 0 || this.answers.length > 0;
  }

  /** The least key of a box that is away; Infinity where none is. */
  get worst(): number {
    let least = Infinity;
    for (const { keys } of this.away.keys()) for (const key of keys) least = Math.min(least, key);
    return least;
  }

  /** What came back since the last call, its boxes already in the queue; waits where there is nothing else to do. */
  async exchange(): Promise<readonly Closed[]> {
    if (!this.isStarted && Date.now() - this.begun >= this.helpers.startTime) {
      this.isStarted = true;
      this.helpers.start();
    }
    this.handOut();
    if (this.store.size === 0 && this.answers.length === 0 && this.away.size > 0) {
      await Promise.race(this.away.values());
    }
    if (this.failure) throw this.failure;
    const { answers } = this;
    this.answers = [];
    return answers;
  }

  private handOut(): void {
    while (this.helpers.idle > 0 && this.store.size > 1) {
      const share = Math.floor(this.store.size / (this.helpers.idle + 1));
      const boxes = this.store.take(Math.min(MOST_BOXES, Math.max(1, share)));
      this.away.set(boxes, this.answered(boxes));
    }
  }

  /** Does not wait for this search's own step to end: the helper would have nothing to do. */
  private async answered(boxes: BoxList): Promise<void> {
    try {
      const closed = await this.helpers.close(boxes);
      this.away.delete(boxes);
      this.store.put(closed.open);
      this.answers.push(closed);
      this.handOut();
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}
