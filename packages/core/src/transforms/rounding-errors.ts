/**
 * How far float32 takes each value of a network from what it makes of its operands: an affine value, with all
 * of its region, where something that is not affine uses it; the result of an op that is not affine, by the op's
 * own evaluation; by the width of its bounds, where neither is known. Nothing where the rounding model has no part for the network (`real` semantics).
 */
import { dependents, type Node } from '../graph/graph.ts';
import { isAffine } from './affine.ts';
import { regroupingError } from './constant-factors.ts';
import type { RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';

/** A value that rounding moves, where its cotangent meets it, and how far at most. */
export interface Rounded {
  readonly cotangent: Node;
  /** [batch, …] */
  readonly error: Node;
}

export class RoundingErrors {
  private readonly p: RegionBounds;
  private readonly perturbed: readonly boolean[];
  private readonly isRounded: boolean;

  constructor(p: RegionBounds) {
    this.p = p;
    this.perturbed = dependents(p.b.graph({}), p.sets.keys());
    this.isRounded = p.rounding.gamma(1) > p.rounding.own(1);
  }

  /** What a cotangent meets at a node's result, or at its use of an operand. */
  of(node: Node, cotangent: Node, operand: Node | undefined): Rounded[] {
    if (isAffine(node, (id) => this.perturbed[id] ?? false)) return [];
    return operand ? this.ofAffine(operand, cotangent) : this.ofResult(node, cotangent);
  }

  /** An affine value is rounded once, with all of its region. */
  ofAffine(value: Node, cotangent: Node): Rounded[] {
    const { p } = this;
    const region = p.regionOf(value);
    if (!this.isRounded || region.inside.length === 0) return [];
    const error = p.isFoldable(region) ? p.regionError(region) : this.width(value);
    return [{ cotangent, error }];
  }

  private ofResult(node: Node, cotangent: Node): Rounded[] {
    const { b, rounding, boundsOf } = this.p;
    const { evaluationError } = rulesOf(node);
    if (!this.isRounded || evaluationError === 'exact') return [];
    if (!evaluationError) return [{ cotangent, error: this.width(node) }];
    const operands = node.operands.map((id) => boundsOf(b.nodes[id] ?? node));
    const context = { b, node, operands, rounding, fused: 0 };
    const error = evaluationError(context, boundsOf(node));
    const regrouped = regroupingError(this.p, node);
    return [{ cotangent, error: regrouped ? b.add(error, regrouped) : error }];
  }

  /** What float32 makes of a value and what it is lie between the same ends. */
  private width(value: Node): Node {
    const { b } = this.p;
    const { lower, upper } = this.p.boundsOf(value);
    return b.mul(b.sub(upper, lower), 1 + 2 ** -20);
  }
}
