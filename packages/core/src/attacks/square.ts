/**
 * Square Attack (Andriushchenko et al. 2020; its ℓ1 form from Croce & Hein 2021): random search from
 * scores alone. Each query changes one square of neighbouring features and keeps the change where the
 * margin falls; the square shrinks by the paper's schedule. No gradient is asked for, so masking one
 * does not help. A row that seems broken leaves the batch once the original file agrees.
 */
import { type RowFeed, runRows } from '../runtime/rows.ts';
import { RandomBlock } from '../tensor/random.ts';
import { networkFeeds, type Rows } from '../threats/ball.ts';
import {
  type Attack,
  type AttackContext,
  type AttackOutcome,
  emptyOutcome,
  servesOnly,
} from './attack.ts';
import { confirmed } from './confirm.ts';
import { type FeatureGrid, gridOf, type Window } from './feature-grid.ts';
import { marginProgram } from './programs.ts';
import { boxMoves } from './square-box.ts';
import { sphereMoves } from './square-sphere.ts';

export interface SquareOptions {
  readonly id?: string;
  readonly queries: number;
  /** Share of the plane that the first squares cover. */
  readonly share?: number;
}

/** One row of the batch on its walk; the arrays are parts of the batch's. */
export interface Walk {
  readonly centre: Float32Array;
  /** Ends of the box that encloses ball ∩ valid box. */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly radius: number;
  /** The input with the least margin so far. */
  readonly best: Float32Array;
  /** The input asked about next: equal to `best` between `settle` and `propose`. */
  readonly trial: Float32Array;
  /** Where the trial was changed. */
  readonly window: Window;
  readonly random: RandomBlock;
}

/** How a norm's squares are drawn. Random numbers are the walk's own, counted by query. */
export interface Moves {
  /** Writes the walk's first input into `trial`. */
  begin(walk: Walk): void;
  /** Changes `trial` in a window that covers `share` of the plane. */
  propose(walk: Walk, query: number, share: number): void;
  /** Makes `best` and `trial` equal again: both the trial, or both the best. */
  settle(walk: Walk, accepted: boolean): void;
}

/** Streams of draws that no other attack uses. */
const SQUARE_DRAW = 0x20000;
const FIRST_SHARE = 0.8;
/** Queries of 10,000 after which the share is halved once more. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/** The share of the plane that a square covers at this query. */
export function shareAt({ queries, share = FIRST_SHARE }: SquareOptions, query: number): number {
  const scaled = Math.floor((query / queries) * 10000);
  return share / 2 ** HALVINGS.filter((end) => scaled > end).length;
}

export function square(options: SquareOptions): Attack {
  const { queries } = options;
  return {
    id: options.id ?? 'square',
    side: 'attack',
    aim: 'ball',
    cost: { forwards: queries, gradients: 0 },
    refusal: servesOnly('linf', 'l2', 'l1'),
    run: async (context, rows, outcome = emptyOutcome(rows, context)) => {
      const batch = new Batch(context, rows);
      const moves = movesOf(context, gridOf(context.classifier.sampleShape));
      const program = await marginProgram(context.classifier);
      batch.walks.forEach((walk) => moves.begin(walk));
      for (let query = 0; query < queries && batch.walks.length > 0; query++) {
        const share = shareAt(options, query);
        if (query > 0) for (const walk of batch.walks) moves.propose(walk, query, share);
        const { length } = batch.walks;
        const feeds = batch.feeds();
        const results = await runRows(context.classifier, program, feeds, length, context.signal);
        const fallen = batch.record(outcome, moves, results['margin']);
        if (fallen.length > 0) {
          batch.drop(await confirmed(context, rows, outcome, fallen));
        }
      }
      return outcome;
    },
  };
}

function movesOf({ threat }: AttackContext, grid: FeatureGrid): Moves {
  return threat.norm.isBox ? boxMoves(grid) : sphereMoves(grid, threat);
}

/** The rows that still stand, side by side: position i of every array belongs to `open[i]`. */
class Batch {
  private open: number[];
  walks: Walk[] = [];
  private readonly context: AttackContext;
  private readonly rows: Rows;
  private readonly best: Float32Array;
  private readonly trial: Float32Array;
  private readonly lower: Float32Array;
  private readonly upper: Float32Array;
  private fixed: Record<string, RowFeed> = {};

  constructor(context: AttackContext, rows: Rows) {
    this.context = context;
    this.rows = rows;
    this.open = Array.from({ length: rows.count }, (_, row) => row);
    this.best = rows.x.slice();
    this.trial = rows.x.slice();
    this.lower = new Float32Array(rows.x.length);
    this.upper = new Float32Array(rows.x.length);
    for (let row = 0; row < rows.count; row++) {
      const [centre, lower, upper] = [rows.x, this.lower, this.upper].map((all) =>
        this.part(all, row),
      );
      if (!centre || !lower || !upper) continue;
      context.threat.enclose(centre, rows.radii[row] ?? 0, 'inward', lower, upper);
    }
    this.seat();
  }

  private part(all: Float32Array, position: number): Float32Array {
    const size = this.context.classifier.sampleSize;
    return all.subarray(position * size, (position + 1) * size);
  }

  /** Walks over the arrays as the rows lie now, and the feeds that stay the same. */
  private seat(): void {
    const { rows, open, context } = this;
    this.walks = open.map((row, i) => ({
      centre: this.part(rows.x, row),
      lower: this.part(this.lower, row),
      upper: this.part(this.upper, row),
      radius: rows.radii[row] ?? 0,
      best: this.part(this.best, i),
      trial: this.part(this.trial, i),
      window: { top: 0, left: 0, height: 0, width: 0 },
      random: new RandomBlock(context.seed, rows.streams[row] ?? row, SQUARE_DRAW),
    }));
    this.fixed = networkFeeds(context, {
      ...rows,
      count: open.length,
      labels: Int32Array.from(open, (row) => rows.labels[row] ?? 0),
      streams: open.map((row) => rows.streams[row] ?? row),
    });
  }

  feeds(): Record<string, RowFeed> {
    const { sampleShape: shape } = this.context.classifier;
    return { x: { data: this.trial, shape }, ...this.fixed };
  }

  /** Takes the answers to the trials; returns the rows whose margin is not positive. */
  record(outcome: AttackOutcome, moves: Moves, margins: Float32Array | undefined): number[] {
    const fallen: number[] = [];
    this.walks.forEach((walk, i) => {
      const row = this.open[i] ?? 0;
      const margin = margins?.[i] ?? Number.NaN;
      outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
      outcome.trace?.note(row, margin);
      // A margin that is no number is a candidate too: the original file will say.
      const broken = !(margin > 0);
      const accepted = broken || margin < (outcome.margins[row] ?? Infinity);
      if (accepted) outcome.margins[row] = margin;
      if (broken) fallen.push(row);
      moves.settle(walk, accepted);
      if (accepted) this.part(outcome.best, row).set(walk.best);
    });
    return fallen;
  }

  /** Takes out these rows; the others move together. */
  drop(gone: ReadonlySet<number>): void {
    if (gone.size === 0) return;
    const positions = this.open.flatMap((row, position) => (gone.has(row) ? [] : [position]));
    positions.forEach((from, to) => {
      this.part(this.best, to).set(this.part(this.best, from));
      this.part(this.trial, to).set(this.part(this.trial, from));
    });
    this.open = positions.map((position) => this.open[position] ?? 0);
    this.seat();
  }
}
