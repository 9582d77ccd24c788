/**
 * What a backward pass has found of its rows so far: the parts of their bounds, and what rounding may take
 * from them (design, "Soundness").
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { outward } from '../graph/ops/outward.ts';
import { LEAST_SLACK, type RegionBounds } from './interval-specification.ts';

export class RowTally {
  private readonly p: RegionBounds;
  private readonly b: Builder;
  private readonly batch: Dimension;
  private readonly count: Dimension;
  /** Parts of the bound: [batch, rows] each. */
  private readonly parts: Node[] = [];
  /** What is taken off it for rounding. */
  private readonly errors: Node[] = [];
  /** What is taken off every row, however small its coefficients, since these may underflow: [batch]. */
  private readonly losses: Node[] = [];

  constructor(p: RegionBounds, count: Dimension) {
    this.p = p;
    this.b = p.b;
    this.batch = p.batch;
    this.count = count;
  }

  /** Coefficients [batch·rows, …value] as [batch, rows, width]. */
  matrix(coefficients: Node): Node {
    const size = known(elementCount(coefficients.shape.slice(1)), 'a layer');
    return this.b.reshape(coefficients, [this.batch, this.count, size]);
  }

  /** A matrix times a value of every sample: [batch, rows]. */
  dot(matrix: Node, value: Node): Node {
    const { b, batch } = this;
    const size = matrix.shape[2] ?? 1;
    const column = b.reshape(b.expand(value, [batch, ...value.shape.slice(1)]), [batch, size, 1]);
    return b.reshape(b.matMul(matrix, column), [batch, this.count]);
  }

  /** A part, its own rounding paid elsewhere. */
  add(part: Node): void {
    this.parts.push(part);
  }

  /** coefficients·value, behind each coefficient so many operations more; with its rounding. */
  addProduct(matrix: Node, value: Node, before = 0): void {
    const { b, p } = this;
    this.add(this.dot(matrix, value));
    const own = p.rounding.own(Number(matrix.shape[2]) + before);
    this.errors.push(b.mul(this.dot(b.abs(matrix), b.abs(value)), own));
  }

  /** |coefficients|·error. */
  charge(coefficients: Node, error: Node): void {
    const { b, p } = this;
    const matrix = this.matrix(coefficients);
    const own = p.rounding.own(Number(matrix.shape[2]));
    this.errors.push(b.mul(this.dot(b.abs(matrix), error), 1 + own));
  }

  /** What every row loses, [batch]; nothing where nothing is rounded. */
  lose(loss: Node | undefined): void {
    if (loss) this.losses.push(loss);
  }

  /** So many products make each coefficient of a value that is so far from its centre; each may underflow. */
  loseProducts(value: Node, reach: Node, products: number): void {
    if (this.p.rounding.own(1) === 0 || value.shape[0] !== this.batch) return;
    this.lose(this.b.mul(this.b.sumRows(reach), products * 2 ** -124));
  }

  /** Below the rows, and the same before anything is taken off: [batch, rows] each. */
  bound(): { readonly lower: Node; readonly estimate: Node } {
    const { b, p } = this;
    const estimate = this.total(this.parts);
    const sizes = this.total(this.parts.map((part) => b.abs(part)));
    const relative = b.mul(sizes, p.rounding.own(this.parts.length + 2));
    const slack = b.add(b.add(this.total(this.errors), relative), this.lost());
    const lower = b.sub(estimate, b.mul(slack, 1 + 2 ** -18));
    return { lower: outward(b, { lower, upper: lower }).lower, estimate };
  }

  private total(terms: readonly Node[]): Node {
    const { b } = this;
    const nothing = b.expand(b.scalar(0), [this.batch, this.count]);
    return terms.reduce((sum, term) => b.add(sum, term), nothing);
  }

  private lost(): Node {
    const { b } = this;
    if (this.p.rounding.own(1) === 0) return b.scalar(0);
    const all = this.losses.reduce((sum, loss) => b.add(sum, loss), b.scalar(LEAST_SLACK));
    return all.shape.length === 0 ? all : b.perRow(all, 2);
  }
}
