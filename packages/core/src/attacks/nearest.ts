/**
 * What searches for the nearest break share: walkers (a position for a row, towards a rival class),
 * one run of the lead program for all of them, and the record of the nearest break of each row with
 * the closing step that tightens it. A walker's rows and those of others never meet.
 */
import { runRows } from '../runtime/rows.ts';
import type { Rows } from '../threats/ball.ts';
import { Moves } from '../threats/moves.ts';
import { type AttackContext, type AttackOutcome, emptyOutcome } from './attack.ts';
import { leadProgram, marginProgram } from './programs.ts';
import { feedsFor, type Walkers } from './walkers.ts';
import { pruneRow } from './prune.ts';

/** A margin this far below 0, relative to the logits, is one below 0 in the original file too. */
const SURE = 4e-6;
const HALVINGS = 12;

/** What the lead program says at each walker's position. */
export interface Slopes {
  /** Below 0 where the walker's rival does not lead yet by what makes a break sure. */
  readonly lead: Float32Array;
  readonly gradient: Float32Array;
  /** 1 where the position is a sure break. */
  readonly broken: Uint8Array;
}

/** What the margin program says at each position. */
export interface Asked {
  readonly margin: Float32Array;
  /** [positions × classes] */
  readonly scores: Float32Array;
}

const NOTHING = new Float32Array();

/** The nearest break of each row so far. */
export class NearestBreaks {
  readonly outcome: AttackOutcome;
  /** Distance of each row's nearest break; where there is none, the most that it may be. */
  readonly distances: Float64Array;
  readonly moves: Moves;
  private readonly context: AttackContext;
  private readonly rows: Rows;
  private readonly sure: Uint8Array;
  private readonly size: number;

  constructor(context: AttackContext, rows: Rows, outcome = emptyOutcome(rows, context)) {
    this.context = context;
    this.rows = rows;
    this.outcome = outcome;
    this.distances = Float64Array.from(rows.radii);
    this.sure = new Uint8Array(rows.count);
    this.size = context.classifier.sampleSize;
    this.moves = new Moves(context.threat, this.size);
  }

  centre(row: number): Float32Array {
    return this.rows.x.subarray(row * this.size, (row + 1) * this.size);
  }

  best(row: number): Float32Array {
    return this.outcome.best.subarray(row * this.size, (row + 1) * this.size);
  }

  /** Whether the row has a sure break. */
  found(row: number): boolean {
    return this.sure[row] === 1;
  }

  /**
   * Takes the position if it breaks the row nearer than known. A break at a tie or by scores that are no
   * numbers, which the original file may not share, gives way to any sure one. Returns whether the
   * position is a sure break.
   */
  offer(row: number, x: Float32Array, margin: number, logit: number): boolean {
    const isNumber = !Number.isNaN(margin) && Number.isFinite(logit);
    if (isNumber && !(margin <= 0)) {
      if (this.standsAt(row, x)) this.outcome.margins[row] = margin;
      return false;
    }
    const sure = isNumber && margin < -SURE * logit ? 1 : 0;
    const known = this.sure[row] ?? 0;
    if (sure < known) return false;
    const distance = this.moves.distance(this.centre(row), x);
    const most = sure > known ? (this.rows.radii[row] ?? 0) : (this.distances[row] ?? 0);
    if (!(distance <= most)) return sure === 1;
    // Of breaks that are equally near the one that goes deeper is kept.
    if (sure === known && distance === most && this.holds(row, margin)) return sure === 1;
    this.distances[row] = distance;
    this.sure[row] = sure;
    this.outcome.margins[row] = isNumber ? margin : Number.NaN;
    this.best(row).set(x);
    return sure === 1;
  }

  private holds(row: number, margin: number): boolean {
    return (this.outcome.margins[row] ?? Infinity) <= margin;
  }

  /** Without a break the outcome is the input itself, with its margin. */
  private standsAt(row: number, x: Float32Array): boolean {
    if (this.outcome.margins[row] !== Infinity) return false;
    const centre = this.centre(row);
    return centre.every((value, i) => value === x[i]);
  }

  /**
   * Runs the lead program at all positions and offers each. `soft`: walkers without a class of their own
   * mind rivals that are close behind as well.
   */
  async look(walkers: Walkers, soft = false): Promise<Slopes> {
    const { classifier, signal } = this.context;
    const count = walkers.row.length;
    const program = await leadProgram(classifier, soft);
    const feeds = { ...walkers.feeds, x: { data: walkers.x, shape: classifier.sampleShape } };
    const seen = await runRows(classifier, program, feeds, count, signal);
    const { lead = NOTHING, gradient = NOTHING, margin = NOTHING, size = NOTHING } = seen;
    const broken = Uint8Array.from(walkers.row, (row, i) => {
      // Boundaries are aimed at where a break is a sure one.
      lead[i] = (lead[i] ?? 0) - 2 * SURE * (size[i] ?? 0);
      this.charge(row, 1, margin[i] ?? Infinity);
      const x = walkers.x.subarray(i * this.size, (i + 1) * this.size);
      return this.offer(row, x, margin[i] ?? Infinity, size[i] ?? 0) ? 1 : 0;
    });
    return { lead, gradient, broken };
  }

  /** Runs the margin program at positions of these rows, with what feeds them, and offers each. */
  async ask(
    owners: Int32Array,
    x: Float32Array,
    network = feedsFor(this.context, this.rows, owners),
  ): Promise<Asked> {
    const { classifier, signal } = this.context;
    const program = await marginProgram(classifier);
    const feeds = { ...network, x: { data: x, shape: classifier.sampleShape } };
    const seen = await runRows(classifier, program, feeds, owners.length, signal);
    const { margin = NOTHING, scores = NOTHING } = seen;
    const { classes } = classifier;
    owners.forEach((row, i) => {
      this.charge(row, 0, margin[i] ?? Infinity);
      const logit = largest(scores.subarray(i * classes, (i + 1) * classes));
      const own = x.subarray(i * this.size, (i + 1) * this.size);
      this.offer(row, own, margin[i] ?? Infinity, logit);
    });
    return { margin, scores };
  }

  /** Every run is a step of the row's trace. */
  private charge(row: number, gradients: number, margin: number): void {
    const { outcome } = this;
    outcome.trace?.note(row, margin);
    outcome.forwards[row] = (outcome.forwards[row] ?? 0) + 1;
    outcome.gradients[row] = (outcome.gradients[row] ?? 0) + gradients;
  }

  /**
   * The closing step: draws every break in towards its input for as long as it stays one, halving the
   * interval of radii; each try is the break projected onto the smaller ball. Where the norm counts,
   * features are undone instead.
   */
  async tighten(halvings = HALVINGS): Promise<AttackOutcome> {
    const { context, rows, size, moves } = this;
    const row = Int32Array.from(rows.labels.keys()).filter(
      (r) => this.found(r) || Number.isNaN(this.outcome.margins[r]),
    );
    if (row.length === 0) return this.outcome;
    if (context.threat.norm.counts) {
      for (const r of row) await pruneRow(context, this, r);
      return this.outcome;
    }
    const low = new Float64Array(row.length);
    const x = new Float32Array(row.length * size);
    const network = feedsFor(context, rows, row);
    for (let round = 0; round < halvings; round++) {
      row.forEach((r, i) => {
        const own = x.subarray(i * size, (i + 1) * size);
        own.set(this.best(r));
        moves.shrink(this.centre(r), own, this.between(low[i] ?? 0, r, round));
      });
      const tried = Float64Array.from(row, (r, i) => this.between(low[i] ?? 0, r, round));
      const before = Float64Array.from(row, (r) => this.distances[r] ?? 0);
      await this.ask(row, x, network);
      row.forEach((r, i) => {
        if (!((this.distances[r] ?? 0) < (before[i] ?? 0))) low[i] = tried[i] ?? 0;
      });
    }
    return this.outcome;
  }

  /** The next radius to try: near the break first, since most breaks are nearly tight. */
  private between(low: number, row: number, round: number): number {
    const high = this.distances[row] ?? 0;
    const share = low > 0 ? 0.5 : 2 ** -(7 - Math.min(6, round));
    return high - (high - low) * share;
  }
}

function largest(values: Float32Array | undefined): number {
  let most = 0;
  for (let i = 0; i < (values?.length ?? 0); i++) most = Math.max(most, Math.abs(values?.[i] ?? 0));
  return most;
}
