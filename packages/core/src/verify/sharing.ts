/**
 * A queue shared with helpers, which are other processes that know the same problem: whoever waits is handed some
 * of the worst of what is open, works on it for a while, and hands back what is left. Nothing is ever in two
 * places, and nothing is forgotten.
 */
import type { BoxList } from './box-store.ts';
import type { Domain } from './domain.ts';
import type { Root } from './domain-feeds.ts';
import type { Refinement } from './tightening.ts';

/** What becomes of what is worked on for some time. */
export interface Handed<L> {
  /** The joint vector of a witness. */
  readonly witness: Float64Array | null;
  /** What each of those that nothing closes and nothing cuts belongs to. */
  readonly stuck: readonly number[];
  readonly open: L;
}

/** What became of what was handed out. */
export interface Closed<L> extends Omit<Handed<L>, 'witness'> {
  /** The inputs of a witness. */
  readonly witness: Float32Array | null;
  /** Boxes, or domains, that were bounded. */
  readonly branches: number;
}

/** Domains of one set. */
export interface DomainsOf {
  readonly root: Root;
  readonly open: readonly Domain[];
}

/** What a helper does; all of it is plain data. */
export interface Help {
  close(boxes: BoxList): Promise<Closed<BoxList>>;
  cut(domains: DomainsOf): Promise<Closed<readonly Domain[]>>;
  /** As Tightening.least; null where helpers were lost over it. */
  least(refinement: Refinement): Promise<Float64Array | null>;
}

/** Calls reject where the time is up. Of what helpers were lost over nothing is closed. */
export interface Helpers extends Help {
  /** Milliseconds that it takes to start one: what ends sooner is better off alone. */
  readonly startTime: number;
  /** Begins to start them. Called once, when the search has gone on for so long. */
  start(): void;
  /** How many wait for work. */
  readonly idle: number;
}

/** Helpers that are started when there has been enough to do. */
export class LateHelpers {
  readonly help: Help;
  private readonly helpers: Helpers;
  private readonly begun = Date.now();
  private isStarted = false;

  constructor(helpers: Helpers) {
    this.help = helpers;
    this.helpers = helpers;
  }

  get idle(): number {
    if (!this.isStarted && Date.now() - this.begun >= this.helpers.startTime) {
      this.isStarted = true;
      this.helpers.start();
    }
    return this.helpers.idle;
  }
}

/** What is open. */
export interface Queue<L> {
  readonly size: number;
  /** So many, the worst first. */
  take(most: number): L;
  put(list: L): void;
}

export interface SharingOptions<L> {
  readonly helpers: LateHelpers;
  readonly queue: Queue<L>;
  /** Handed over at once, at most. */
  readonly most: number;
  readonly close: (list: L, help: Help) => Promise<Closed<L>>;
  readonly keys: (list: L) => Iterable<number>;
}

export class Sharing<L> {
  private readonly options: SharingOptions<L>;
  private readonly lists = new Map<L, Promise<void>>();
  private answers: Closed<L>[] = [];
  private failure: Error | null = null;
  private isEnded = false;

  constructor(options: SharingOptions<L>) {
    this.options = options;
  }

  /** Whether anything is away. */
  get isBusy(): boolean {
    return this.lists.size > 0 || this.answers.length > 0;
  }

  /** What is away. */
  get away(): readonly L[] {
    return [...this.lists.keys()];
  }

  /** The least key of what is away; Infinity where nothing is. */
  get worst(): number {
    let least = Infinity;
    for (const list of this.lists.keys())
      for (const key of this.options.keys(list)) least = Math.min(least, key);
    return least;
  }

  /** What came back since the last call, already in the queue; waits where there is nothing else to do. */
  async exchange(): Promise<readonly Closed<L>[]> {
    this.handOut();
    if (this.options.queue.size === 0 && this.answers.length === 0 && this.lists.size > 0) {
      await Promise.race(this.lists.values());
    }
    if (this.failure) throw this.failure;
    return this.drained();
  }

  /** What came back and was not exchanged; nothing is waited for. */
  drained(): readonly Closed<L>[] {
    const { answers } = this;
    this.answers = [];
    return answers;
  }

  /** No more is handed out, and what comes back goes nowhere: the helpers are free for what follows. */
  end(): void {
    this.isEnded = true;
  }

  private handOut(): void {
    const { helpers, queue, most } = this.options;
    while (helpers.idle > 0 && queue.size > 1) {
      const share = Math.floor(queue.size / (helpers.idle + 1));
      const list = queue.take(Math.min(most, Math.max(1, share)));
      this.lists.set(list, this.answered(list));
    }
  }

  /** Does not wait for this search's own step to end: the helper would have nothing to do. */
  private async answered(list: L): Promise<void> {
    const { close, helpers, queue } = this.options;
    try {
      const closed = await close(list, helpers.help);
      this.lists.delete(list);
      if (this.isEnded) return;
      queue.put(closed.open);
      this.answers.push(closed);
      this.handOut();
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}
