/**
 * Norms of a network's affine ops as maps of each perturbed operand, from the absolute values of their terms: the
 * greatest sum over a row, ‖A‖_∞, and over a column, ‖A‖₁, of |A|, rounded up. The batch is one sample.
 */
import type { Builder } from '../graph/builder.ts';
import { ancestors, type Node } from '../graph/graph.ts';
import { pullBack } from './gradient.ts';
import { rulesOf } from './lowering.ts';
import { gamma } from './rounding.ts';

export interface LinearNorms {
  /** Scalars. */
  readonly rows: Node;
  readonly columns: Node;
}

/** A node that is affine in its perturbed operands, as a map of operand `index`, one of them. */
export function linearNorms(
  b: Builder,
  node: Node,
  index: number,
  perturbed: (id: number) => boolean,
): LinearNorms {
  const operands = node.operands.map((id) => b.nodes[id] ?? node);
  const filled = (value: number, { shape }: Node): Node => b.expand(b.scalar(value), shape);
  const own = operands[index] ?? node;
  // A node of its own: the pass below is to end at it.
  const ones = b.mul(filled(1, own), filled(1, own));
  const sum = (at: Node): Node => {
    const sizes = operands.map((operand, i) => {
      if (i === index) return at;
      return perturbed(operand.id) ? filled(0, operand) : b.abs(operand);
    });
    return rulesOf(node).absolute?.(b, node, sizes) ?? b.push(node.op, sizes, node.attributes);
  };
  const whole = sum(ones);
  const shift = sum(b.mul(ones, 0));
  const rows = b.add(b.relu(b.sub(whole, shift)), b.mul(shift, 2 ** -21));
  const back = pullBack(b, whole, filled(1, whole), [ones]).get(ones.id) ?? b.mul(ones, 0);
  const needed = ancestors(b.graph({}), [rows.id, back.id]);
  const terms = b.nodes.reduce((total, each) => {
    if (!needed[each.id]) return total;
    const types = each.operands.map((id) => b.nodes[id] ?? each);
    return total + (rulesOf(each).terms?.(each, types) ?? 0);
  }, 0);
  const most = (value: Node): Node => {
    const axes = value.shape.map((_, i) => i);
    return b.mul(b.reshape(b.maximum(b.abs(value), axes), [1]), 1 + 2 * gamma(terms + 16));
  };
  return { rows: most(rows), columns: most(back) };
}
