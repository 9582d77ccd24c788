/**
 * Writes the pooled parts of a network with less to compute: positions that no window sees are not made, and
 * nondecreasing hinges come after a maximum rather than before, on fewer elements (max(relu(x)) = relu(max(x))).
 * Values are the same, so searches and Lipschitz constants use it; bounds by ranges need not be, and do not.
 */
import type { Builder } from '../graph/builder.ts';
import { known, sameShape } from '../graph/dimension.ts';
import type { Node, OpName } from '../graph/graph.ts';
import type { OpDefinition } from '../graph/ops/definition.ts';
import { definitionOf } from '../graph/ops/table.ts';

/** Whether a value of the builder has no use but the one at hand. */
export type UsedOnce = (node: Node) => boolean;

const rulesOf = (node: Node): OpDefinition<OpName> => definitionOf<OpName>(node.op);

/** The node over operands of the builder, written with less to compute; undefined where it is not. */
export function trimmed(
  b: Builder,
  node: Node,
  operands: readonly Node[],
  usedOnce: UsedOnce,
): Node | undefined {
  const [x] = operands;
  const rules = rulesOf(node);
  if (!x || !rules.trimmed || !usedOnce(x)) return undefined;
  if (rules.picksGreatest && rulesOf(x).hinge?.(x.attributes) !== undefined) {
    const [before = x] = operandsIn(b, x);
    const pooled =
      trimmed(b, node, [before], usedOnce) ?? b.push(node.op, [before], node.attributes);
    return b.push(x.op, [pooled], x.attributes);
  }
  const fewer = rules.trimmed(b, node, x, (of, ends) => cropped(b, of, ends, usedOnce));
  return sameShape(fewer.shape, node.shape) ? fewer : undefined;
}

function operandsIn(b: Builder, node: Node): Node[] {
  return node.operands.flatMap((id) => b.nodes[id] ?? []);
}

function cropped(b: Builder, of: Node, ends: readonly number[], usedOnce: UsedOnce): Node {
  const sizes = of.shape.slice(2).map((size) => known(size, 'a spatial axis'));
  if (sizes.every((size, i) => size === ends[i])) return of;
  const crop = (operand: Node, to: readonly number[]): Node => cropped(b, operand, to, usedOnce);
  const less = usedOnce(of)
    ? rulesOf(of).cropped?.(b, of, operandsIn(b, of), { ends, crop })
    : undefined;
  return less ?? ends.reduce((part, end, i) => firstOf(b, part, i + 2, end), of);
}

function firstOf(b: Builder, value: Node, axis: number, end: number): Node {
  return value.shape[axis] === end ? value : b.slice(value, axis, 0, end);
}
