/**
 * Backward linear bounds (CROWN, Zhang et al. 2018; Xu et al. 2020 for general graphs): the rows of a
 * specification are carried from the output to the inputs, through affine regions by their adjoints and
 * through elementwise functions by the line below (where a coefficient is positive) or above. What has no
 * lines is left at its interval. At the inputs the set's support function closes the bound.
 *
 * Everything is written around centres: a coefficient multiplies (value − centre). The network's own
 * rounding, and that of this pass, enter region by region through the coefficients (design, "Soundness").
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known, multiply } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { isExact } from '../graph/ops/definition.ts';
import { pullRows } from './affine.ts';
import { Centres } from './centres.ts';
import type { FreeMultipliers } from './free-multipliers.ts';
import { type FreeSlopes, turnedSlope } from './free-slopes.ts';
import type { RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';
import { LEAST_ROOM, offset, relaxByPlanes } from './plane-relaxation.ts';
import { RowTally } from './row-tally.ts';

export interface BackwardBound {
  /** Lower bound of rows·output: [batch, rows]. */
  readonly lower: Node;
  /** The same before anything is taken off for rounding: what slopes are optimised by. */
  readonly estimate: Node;
  /**
   * By the id of a set's centre: coefficients a [batch, rows, width] of a linear function of the inputs
   * that is nowhere on the sets above rows·output, and whose least value on them is not below `lower`.
   */
  readonly coefficients: ReadonlyMap<number, Node>;
}

/** Of the line below and of the line above. */
interface Sides {
  readonly below: Node;
  readonly above: Node;
}

export interface BackwardOptions {
  /** Free slopes below hinges. */
  readonly slopes?: FreeSlopes | undefined;
  /** Multipliers of ends inside. */
  readonly multipliers?: FreeMultipliers | undefined;
  /**
   * The rows' coefficients of the one value that the output's affine region starts from, where they are
   * known: [batch, rows, width].
   */
  readonly pulled?: Node | undefined;
}

/** Bounds rows·output from below, rows [batch, rows, outputs] as a value. */
export function backwardBound(
  p: RegionBounds,
  output: Node,
  rows: Node,
  options: BackwardOptions = {},
): BackwardBound {
  return new BackwardPass(p, rows, options).bound(output, rows, options.pulled);
}

class BackwardPass {
  private readonly p: RegionBounds;
  private readonly b: Builder;
  private readonly batch: Dimension;
  private readonly count: Dimension;
  private readonly slopes: FreeSlopes | undefined;
  private readonly multipliers: FreeMultipliers | undefined;
  /** Coefficients of values still to be replaced: [batch·rows, …value]. */
  private readonly pending = new Map<number, Node>();
  /** Values whose region's error the coefficients of some of their users have not paid. */
  private readonly uncharged = new Set<number>();
  private readonly tally: RowTally;
  private readonly centres: Centres;
  private readonly closed = new Map<number, Node>();

  constructor(p: RegionBounds, rows: Node, { slopes, multipliers }: BackwardOptions) {
    this.p = p;
    this.b = p.b;
    this.batch = p.batch;
    this.count = rows.shape[1] ?? 1;
    this.slopes = slopes;
    this.multipliers = multipliers;
    this.centres = new Centres(p);
    this.tally = new RowTally(p, this.count);
  }

  bound(output: Node, rows: Node, pulled?: Node): BackwardBound {
    const { b, p } = this;
    const own = b.reshape(rows, [this.rows(), ...output.shape.slice(1)]);
    this.tally.addProduct(this.tally.matrix(own), this.centres.of(output));
    const region = p.regionOf(output);
    const [start] = region.frontier;
    if (pulled && start) {
      this.tally.charge(own, p.regionError(region));
      this.tally.lose(p.pulledLoss(region));
      this.add(start, b.reshape(pulled, [this.rows(), ...start.shape.slice(1)]), false);
    } else {
      this.pending.set(output.id, own);
      this.uncharged.add(output.id);
    }
    for (let id = output.id; id >= 0; id--) {
      const coefficients = this.pending.get(id);
      const node = b.nodes[id];
      if (coefficients && node) this.replace(node, this.constrained(node, coefficients));
    }
    const { lower, estimate } = this.tally.bound();
    return { lower: p.watchedNode(lower), estimate, coefficients: this.closed };
  }

  private rows(): Dimension {
    return multiply(this.batch, this.count);
  }

  private width(node: Node): number {
    return known(elementCount(node.shape.slice(1)), 'a layer');
  }

  /** `charged`: whether the part of the bound that these coefficients come from has the region's error. */
  private add(node: Node, coefficients: Node, charged: boolean): void {
    const { b, p } = this;
    if (!charged) this.uncharged.add(node.id);
    const before = this.pending.get(node.id);
    if (!before) {
      this.pending.set(node.id, coefficients);
      return;
    }
    const sum = b.add(before, coefficients);
    this.pending.set(node.id, sum);
    this.tally.charge(sum, b.mul(this.centres.reachOf(node), p.rounding.own(1)));
  }

  /** The coefficients with the multiplier of what is known of a value, whose greatest is taken off. */
  private constrained(node: Node, coefficients: Node): Node {
    const { b, p } = this;
    if (!this.multipliers) return coefficients;
    const centre = this.centres.of(node);
    const multiplier = this.multipliers.multiplierAt(node, { centre });
    if (!multiplier) return coefficients;
    const { lower, upper } = p.boundsOf(node);
    const { value, added } = multiplier;
    this.tally.addProduct(b.relu(value), b.sub(centre, upper), 2);
    this.tally.addProduct(b.relu(b.neg(value)), b.sub(lower, centre), 2);
    const sum = b.add(coefficients, b.reshape(added, coefficients.shape));
    this.tally.charge(sum, b.mul(this.centres.reachOf(node), p.rounding.own(1)));
    // What bends the value has paid for its own coefficients, not for the multiplier's.
    const region = p.regionOf(node);
    if (region.inside.length > 0 && p.isFoldable(region)) {
      this.tally.charge(b.reshape(value, coefficients.shape), p.regionError(region));
    }
    return sum;
  }

  private replace(node: Node, coefficients: Node): void {
    const { p, b } = this;
    const set = p.sets.get(node.id);
    if (set) {
      // Supports may swallow NaN; everywhere else a part of the bound becomes NaN with a coefficient.
      const known = p.watchedNode(this.tally.matrix(coefficients));
      this.closed.set(node.id, known);
      const flat = b.reshape(b.neg(known), [this.rows(), this.width(node)]);
      this.tally.add(b.neg(set.support(flat, false)));
      return;
    }
    const region = p.regionOf(node);
    if (region.inside.length === 0) {
      this.relax(node, coefficients);
      return;
    }
    const pulled = p.isFoldable(region) ? pullRows(b, region, coefficients, this.batch) : undefined;
    if (!pulled) {
      this.leave(node, coefficients);
      return;
    }
    if (this.uncharged.has(node.id)) this.tally.charge(coefficients, p.regionError(region));
    this.tally.lose(p.pulledLoss(region));
    for (const each of region.frontier) {
      const own = pulled.get(each.id);
      if (own) this.add(each, own, false);
    }
  }

  /** The value at the far ends of its interval. */
  private leave(node: Node, coefficients: Node): void {
    this.tally.add(
      this.b.neg(
        this.tally.dot(this.b.abs(this.tally.matrix(coefficients)), this.centres.reachOf(node)),
      ),
    );
    this.tally.charge(
      coefficients,
      this.b.mul(this.centres.reachOf(node), this.p.rounding.own(this.width(node))),
    );
  }

  /** Lines in the place of a function of one value. */
  private relax(node: Node, coefficients: Node): void {
    const { b, p } = this;
    const [operand, ...others] = node.operands.map((id) => b.nodes[id] ?? node);
    const rules = rulesOf(node);
    if (!operand || others.length > 0 || !rules.relax) {
      if (!this.split(node, coefficients)) this.leave(node, coefficients);
      return;
    }
    const x = p.boundsOf(operand);
    const [centre, own] = [this.centres.of(operand), this.centres.of(node)];
    const lines = b.labelled(`lines of ${node.label}`, () =>
      rules.relax?.({ b, node, x, centre, rounding: p.rounding }),
    );
    if (!lines) {
      this.leave(node, coefficients);
      return;
    }
    const least = offset(p, lines.lower.height, own, 1);
    const most = offset(p, lines.upper.height, own, -1);
    const matrix = this.tally.matrix(coefficients);
    const positive = b.relu(matrix);
    const size = this.width(node);
    const beside = (value: Node): Node =>
      b.reshape(b.expand(value, [this.batch, ...value.shape.slice(1)]), [this.batch, 1, size]);
    const turned =
      this.slopes && turnedSlope(b, this.slopes, { node, coefficients: matrix }, x, beside);
    // The line above for all of a coefficient, and the difference of the lines where it is positive.
    const difference = beside(b.sub(lines.lower.slope, lines.upper.slope));
    const carried = b.add(
      b.mul(matrix, beside(lines.upper.slope)),
      b.mul(positive, turned ? b.add(difference, turned) : difference),
    );
    // Turned about the origin, the line below moves by the turn times the centre at the centre.
    if (turned) this.tally.addProduct(b.mul(positive, turned), centre, 2);
    const [below, above] = [b.abs(lines.lower.slope), b.abs(lines.upper.slope)];
    // Where a hinge bends, its free slope is at most 1.
    const turning = turned && b.mul(b.greater(0, x.lower), b.greater(x.upper, 0));
    const steepnesses = { below: turning ? b.max(below, turning) : below, above };
    const rooms = this.roomsFor(operand, steepnesses, b.add(b.abs(least), b.abs(most)));
    const [low, high] = rooms
      ? [b.sub(least, rooms.below), b.add(most, rooms.above)]
      : [least, most];
    this.tally.add(b.add(this.tally.dot(matrix, high), this.tally.dot(positive, b.sub(low, high))));
    const shape = [this.rows(), ...operand.shape.slice(1)];
    this.tally.loseProducts(operand, this.centres.reachOf(operand), 8);
    this.add(operand, b.reshape(carried, shape), true);
  }

  /**
   * What lines are moved by, down and up, where anything is rounded, so that their coefficients pay for rounding:
   * of the slopes, of the sums over heights, and of the region that the operand is computed in, whose coefficients
   * are these times a slope.
   */
  private roomsFor(operand: Node, steep: Sides, farthest: Node): Sides | undefined {
    const { b, p } = this;
    if (isExact(p.rounding)) return undefined;
    const own = 2 * p.rounding.own(this.width(operand) + 3);
    // A coefficient is a sum of a coefficient times one slope and times the difference of two.
    const steepest = b.max(steep.below, steep.above);
    const share = p.rounding.own(18);
    const slopes = b.mul(b.mul(steepest, this.centres.reachOf(operand)), share);
    const region = p.regionOf(operand);
    const inherits = region.inside.length > 0 && p.isFoldable(region);
    const error = inherits ? p.regionError(region) : undefined;
    const heights = b.add(b.mul(farthest, own), LEAST_ROOM);
    const room = (slope: Node): Node => {
      const carried = error && b.mul(b.add(slope, b.mul(steepest, share)), error);
      return b.add(b.mul(carried ? b.add(slopes, carried) : slopes, 1 + own), heights);
    };
    return { below: room(steep.below), above: room(steep.above) };
  }

  /** Planes in the place of a function of several values; false where there are none. */
  private split(node: Node, coefficients: Node): boolean {
    const { b, batch } = this;
    const planes = relaxByPlanes(this.p, node, this.centres);
    if (!planes) return false;
    const matrix = this.tally.matrix(coefficients);
    const positive = b.relu(matrix);
    const negative = b.sub(matrix, positive);
    this.tally.add(
      b.add(this.tally.dot(positive, planes.low), this.tally.dot(negative, planes.high)),
    );
    const apart = (rows: Node): Node =>
      b.reshape(rows, [batch, this.count, ...node.shape.slice(1)]);
    const rows = { positive: apart(positive), negative: apart(negative) };
    for (const [operand, carried] of planes.carried(rows)) {
      this.tally.loseProducts(operand, this.centres.reachOf(operand), planes.products);
      this.add(operand, b.reshape(carried, [this.rows(), ...operand.shape.slice(1)]), false);
    }
    return true;
  }
}
