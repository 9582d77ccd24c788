/**
 * Branch and bound over the inputs: boxes are bounded in batches, closed where some row of their disjunct
 * cannot hold, else narrowed by their linear bounds and cut; the points at which bounds are least are
 * candidates for a witness.
 */
import type { CancelSignal } from '../runtime/cancel.ts';
import type { Alternative } from './alternatives.ts';
import type { BatchBounds, BoxBatch, BoxBounder } from './box-bounder.ts';
import { type BoxList, BoxStore } from './box-store.ts';
import { type Brancher, bySlope, cut, pointsOf } from './branching.ts';
import { dealt, LATE_RACE, type Race, RULES, volumeOf } from './rule-race.ts';
import type { Search } from './search.ts';
import { type Handed, type LateHelpers, Sharing } from './sharing.ts';
import type { Specification } from './specification.ts';
import { startAt, startsIn } from './starts.ts';
import { survivor, type Survivor, type Taken } from './survivor.ts';

export interface SplittingOptions {
  readonly bounder: BoxBounder;
  readonly search: Search;
  /** Boxes from which on the search goes depth first. */
  readonly mostBoxes: number;
  readonly seed: number;
  /** Others that take boxes off this search. */
  readonly helpers?: LateHelpers | undefined;
  /** Whether inputs are float32 numbers, of which a box that cannot be cut holds a few. */
  readonly discrete: boolean;
  /** When the rules of cutting are tried against each other; by default once, late. */
  readonly race?: Race;
  /** Boxes that are bounded before slopes are optimised: compiling their program pays then. */
  readonly climbsFrom?: number;
  /** Boxes that are bounded at most; by default as many as it takes. */
  readonly most?: number;
  /** Ends where nothing finite is known of so many boxes, nor of any before them. */
  readonly mostBlind?: number;
  readonly signal?: CancelSignal | undefined;
}

/** What is known when a search ends or is stopped. */
export interface Splitting {
  readonly witness: Float64Array | null;
  /** Boxes that nothing closes and nothing cuts. */
  readonly stuck: number;
  /** Boxes that were left when the most were bounded. */
  readonly left: number;
}

/** Boxes handed to a helper at once, at most. */
const MOST_BOXES = 4096;
/** Pieces a box is cut into at most while there are few. */
const MOST_PIECES = 16;
/** Steps of the search from each box that stays open. */
const STEPS = { steps: 10, stepSize: 0.25 };
/** Boxes from which on slopes are optimised. */
const MANY = 1000;
/** Each time the boxes have doubled, from so many on, whole disjuncts are searched again, from other points. */
const FIRST_RESTART = 1024;
const RESTARTS = { starts: 2048, most: 16_384, steps: 40, stepSize: 0.25 };

export class InputSplitting {
  /** Boxes that were bounded. */
  branches = 0;
  private readonly options: SplittingOptions;
  private readonly alternatives: ReadonlyMap<number, Alternative>;
  private readonly width: number;
  private readonly store: BoxStore;
  private readonly sharing: Sharing<BoxList> | null;
  /** Disjuncts of boxes that nothing closes and nothing cuts. */
  private stuck: number[] = [];
  /** Whether anything is known of any box so far. */
  private isSeeing = false;
  private nextRestart = FIRST_RESTART;
  private brancher: Brancher = bySlope;
  private isRaced = false;

  constructor(alternatives: readonly Alternative[], options: SplittingOptions) {
    this.options = options;
    this.alternatives = new Map(alternatives.map((each) => [each.index, each]));
    this.width = alternatives[0]?.lower.length ?? 0;
    this.store = new BoxStore(this.width, options.mostBoxes);
    const { store } = this;
    const { helpers } = options;
    this.sharing =
      helpers === undefined
        ? null
        : new Sharing<BoxList>({
            helpers,
            queue: store,
            most: MOST_BOXES,
            close: (boxes, help) => help.close(boxes),
            keys: ({ keys }) => keys,
          });
  }

  /** The least lower bound of an open box, less what would close it; Infinity when none is open. */
  get lower(): number {
    return Math.min(this.store.worst, this.sharing?.worst ?? Infinity);
  }

  /** The boxes of all alternatives, to the end. */
  async run(): Promise<Splitting> {
    for (const { index, lower, upper } of this.alternatives.values()) {
      this.store.push({ lower, upper, disjunct: index, key: -Infinity });
    }
    let witness: Float64Array | null = null;
    try {
      while ((this.store.size > 0 || this.sharing?.isBusy) && !witness && !this.isHopeless) {
        witness =
          (await this.returned()) ??
          (await this.step()) ??
          (await this.raced()) ??
          (await this.restarted());
      }
    } finally {
      this.sharing?.end();
    }
    // Where it is given up, what is away is open, and what came back at last was not counted yet.
    for (const { stuck } of this.sharing?.drained() ?? []) this.stuck.push(...stuck);
    const left = this.store.size + (this.sharing?.away.length ?? 0);
    return { witness, stuck: this.stuck.length, left };
  }

  private get isHopeless(): boolean {
    const { most = Infinity, mostBlind = Infinity } = this.options;
    return this.branches >= most || (this.branches >= mostBlind && !this.isSeeing);
  }

  /** These boxes and what comes of them, for some time; what is still open then is handed back. */
  async advance(boxes: BoxList, milliseconds: number): Promise<Handed<BoxList>> {
    const end = Date.now() + milliseconds;
    this.stuck = [];
    this.store.put(boxes);
    let witness: Float64Array | null = null;
    while (this.store.size > 0 && !witness && Date.now() < end) {
      witness = (await this.step()) ?? (await this.raced());
    }
    return { witness, stuck: this.stuck, open: this.store.take(Infinity) };
  }

  /** What others have made of the boxes that they took; a witness of theirs is judged here again. */
  private async returned(): Promise<Float64Array | null> {
    for (const { witness, stuck, branches } of (await this.sharing?.exchange()) ?? []) {
      this.stuck.push(...stuck);
      this.branches += branches;
      const own = witness && (await this.options.search.judged(Float32Array.from(witness)));
      if (own) return own;
    }
    return null;
  }

  /** One batch. Where it is interrupted, its boxes are open again. */
  private async step(): Promise<Float64Array | null> {
    if (this.store.size === 0) return null;
    const { bounder, search, signal } = this.options;
    signal?.throwIfAborted();
    const { boxes, batch } = this.taken(bounder.atOnce);
    let bounds: BatchBounds;
    try {
      bounds = await bounder.bound(batch);
    } catch (error) {
      boxes.forEach((box) => this.store.push(box));
      throw error;
    }
    this.branches += boxes.length;
    this.isSeeing ||= bounds.least.some((value) => value > -Infinity);
    const open = boxes
      .map((box, i) => survivor(box, i, batch, bounds))
      .filter((each) => each !== null);
    const pieces = piecesFor(open.length, this.store.size, bounder.atOnce);
    for (const each of open) this.branch(each, pieces);
    const starts = open.map(({ box, disjunct, x }) => {
      const alternative = this.alternatives.get(disjunct);
      return alternative ? startAt(alternative, box, x) : null;
    });
    return search.from(
      starts.filter((start) => start !== null),
      STEPS,
    );
  }

  /**
   * Once: each rule of cutting closes its share of the open boxes for a while, and the one that closes more of
   * them, by volume, goes on. Which is better depends on the problem, by factors.
   */
  private async raced(): Promise<Float64Array | null> {
    const { from, boxes, fewest } = this.options.race ?? LATE_RACE;
    const isDue = this.branches >= from && this.store.size >= fewest;
    if (this.isRaced || !isDue || this.sharing?.isBusy) return null;
    this.isRaced = true;
    const waiting = dealt(this.store.take(Infinity), this.width, RULES.length);
    const volume = (list: BoxList): number => volumeOf(list, this.alternatives);
    let best = { rate: -Infinity, rule: this.brancher };
    try {
      for (const rule of RULES) {
        const share = waiting.shift();
        if (!share) break;
        const [whole, before] = [volume(share), this.branches];
        this.brancher = rule;
        this.store.put(share);
        let witness: Float64Array | null = null;
        while (this.store.size > 0 && !witness && this.branches < before + boxes) {
          witness = await this.step();
        }
        if (witness) return witness;
        const left = this.store.take(Infinity);
        waiting.push(left);
        const rate = (1 - volume(left) / whole) / (this.branches - before);
        if (rate > best.rate) best = { rate, rule };
      }
    } finally {
      // Also where it is interrupted.
      for (const list of waiting) this.store.put(list);
    }
    this.brancher = best.rule;
    return null;
  }

  private async restarted(): Promise<Float64Array | null> {
    if (this.branches < this.nextRestart || this.store.size === 0) return null;
    const { search, seed } = this.options;
    const open = [...this.alternatives.values()].slice(0, RESTARTS.starts);
    const count = Math.min(RESTARTS.most, RESTARTS.starts * (this.nextRestart / FIRST_RESTART));
    const each = Math.max(1, Math.floor(count / open.length));
    const draws = seed + this.nextRestart;
    this.nextRestart *= 2;
    return search.from(
      open.flatMap((one) => startsIn(one, each, draws)),
      RESTARTS,
    );
  }

  private taken(most: number): { boxes: Taken[]; batch: BoxBatch } {
    const { lower, upper, disjuncts, keys } = this.store.take(most);
    const { width } = this;
    const climbs = this.branches >= (this.options.climbsFrom ?? MANY);
    const boxes = Array.from(disjuncts, (disjunct, i): Taken => {
      const [start, end] = [i * width, (i + 1) * width];
      const ends = { lower: lower.subarray(start, end), upper: upper.subarray(start, end) };
      return { ...ends, disjunct, key: keys[i] ?? -Infinity };
    });
    const specifications = boxes.map(({ disjunct }): Specification => {
      const alternative = this.alternatives.get(disjunct);
      if (!alternative) throw new RangeError(`there is no disjunct ${disjunct}`);
      return alternative.specification;
    });
    return { boxes, batch: { count: boxes.length, lower, upper, specifications, climbs } };
  }

  private branch({ box, isNarrower, disjunct, key, slopes }: Survivor, pieces: number): void {
    const parts = cut(box, this.brancher(box.lower, box.upper, slopes), pieces);
    // What is left of a box has better bounds than the box had.
    const isStuck = parts.length === 1 && !isNarrower;
    const left = isStuck ? (this.options.discrete ? pointsOf(box) : []) : parts;
    if (left.length === 0) this.stuck.push(disjunct);
    for (const part of left) this.store.push({ ...part, disjunct, key });
  }
}

function piecesFor(open: number, waiting: number, atOnce: number): number {
  const room = Math.floor(atOnce / 2 / Math.max(1, open + waiting));
  return Math.min(MOST_PIECES, Math.max(2, 2 ** Math.floor(Math.log2(Math.max(1, room)))));
}
