/**
 * What a backward pass has found of its rows so far: the parts of their bounds, and what rounding may take
 * from them (design, "Soundness").
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { isExact } from '../graph/ops/definition.ts';
import { outward } from '../graph/ops/outward.ts';
import { LEAST_SLACK, type RegionBounds } from './interval-specification.ts';

/** What |coefficients| of a value are multiplied by. */
interface Charge {
  readonly matrix: Node;
  /** Of the value's shape, for every sample. */
  readonly errors: Node[];
}

export class RowTally {
  private readonly p: RegionBounds;
  private readonly b: Builder;
  private readonly batch: Dimension;
  private readonly count: Dimension;
  private readonly isExact: boolean;
  /** Parts of the bound: [batch, rows, 1] each. */
  private readonly parts: Node[] = [];
  /** By the id of the coefficients: what is taken off for rounding. */
  private readonly charges = new Map<number, Charge>();
  /** What is taken off every row, however small its coefficients, since these may underflow: [batch]. */
  private readonly losses: Node[] = [];

  constructor(p: RegionBounds, count: Dimension) {
    this.p = p;
    this.b = p.b;
    this.batch = p.batch;
    this.count = count;
    this.isExact = isExact(p.rounding);
  }

  /** Coefficients [batch·rows, …value] as [batch, rows, width]. */
  matrix(coefficients: Node): Node {
    const size = known(elementCount(coefficients.shape.slice(1)), 'a layer');
    return this.b.reshape(coefficients, [this.batch, this.count, size]);
  }

  /** A matrix times a value of every sample: [batch, rows, 1]. */
  dot(matrix: Node, value: Node): Node {
    const { b, batch } = this;
    const size = matrix.shape[2] ?? 1;
    const column = b.reshape(b.expand(value, [batch, ...value.shape.slice(1)]), [batch, size, 1]);
    return b.matMul(matrix, column);
  }

  /** A part, its own rounding paid elsewhere: a number for each row. */
  add(part: Node): void {
    this.parts.push(this.b.reshape(part, [this.batch, this.count, 1]));
  }

  /** coefficients·value, behind each coefficient so many operations more; with its rounding. */
  addProduct(matrix: Node, value: Node, before = 0): void {
    const { b, p } = this;
    this.add(this.dot(matrix, value));
    if (this.isExact) return;
    const own = p.rounding.own(Number(matrix.shape[2]) + before);
    this.chargeRows(matrix, b.mul(b.abs(value), own));
  }

  /** |coefficients|·error. */
  charge(coefficients: Node, error: Node): void {
    if (!this.isExact) this.chargeRows(this.matrix(coefficients), error);
  }

  private chargeRows(matrix: Node, error: Node): void {
    const { errors }: Pick<Charge, 'errors'> = this.charges.get(matrix.id) ?? { errors: [] };
    errors.push(error);
    this.charges.set(matrix.id, { matrix, errors });
  }

  /** What every row loses, [batch]; nothing where nothing is rounded. */
  lose(loss: Node | undefined): void {
    if (loss) this.losses.push(loss);
  }

  /** So many products make each coefficient of a value that is so far from its centre; each may underflow. */
  loseProducts(value: Node, reach: Node, products: number): void {
    if (this.isExact || value.shape[0] !== this.batch) return;
    this.lose(this.b.mul(this.b.sumRows(reach), products * 2 ** -124));
  }

  /** Below the rows, and the same before anything is taken off: [batch, rows] each. */
  bound(): { readonly lower: Node; readonly estimate: Node } {
    const { b, p } = this;
    // Not as one sum: slopes are optimised along its gradient.
    const sum = this.parts.reduce((part, other) => b.add(part, other));
    const estimate = b.reshape(sum, [this.batch, this.count]);
    if (this.isExact) return { lower: estimate, estimate };
    const sizes = this.total(this.parts, (parts) => b.abs(parts));
    const relative = b.mul(sizes, p.rounding.own(this.parts.length + 2));
    const charged = this.total([...this.charges.values()].map((charge) => this.charged(charge)));
    const slack = b.add(b.add(charged, relative), this.lost());
    const lower = b.sub(estimate, b.mul(slack, 1 + 2 ** -18));
    return { lower: outward(b, { lower, upper: lower }).lower, estimate };
  }

  /** [batch, rows, 1] */
  private charged({ matrix, errors }: Charge): Node {
    const { b } = this;
    // What underflow took from an error, coefficients may multiply up again.
    const least = b.scalar(errors.length * 2 ** -126);
    const all = errors.reduce((sum, error) => b.add(sum, error), least);
    const own = this.p.rounding.own(Number(matrix.shape[2]) + errors.length);
    return b.mul(this.dot(b.abs(matrix), all), 1 + own);
  }

  /** The sum of terms [batch, rows, 1], or of what is made of each, as [batch, rows]. */
  private total(terms: readonly Node[], made = (all: Node): Node => all): Node {
    const { b, batch, count } = this;
    if (terms.length === 0) return b.expand(b.scalar(0), [batch, count]);
    const all = made(b.concat(terms, 2));
    return terms.length === 1 ? b.reshape(all, [batch, count]) : b.sum(all, [2]);
  }

  private lost(): Node {
    const { b } = this;
    const all = this.losses.reduce((sum, loss) => b.add(sum, loss), b.scalar(LEAST_SLACK));
    return all.shape.length === 0 ? all : b.perRow(all, 2);
  }
}
