/** Which sums a runtime may evaluate as one: the n that a rounding bound must count. */
import type { Node } from '../graph/graph.ts';
import { isAffine } from './affine.ts';
import { rulesOf } from './lowering.ts';

/** For each node the products on the longest chain of its affine region: what a runtime may fuse. */
export function fusedTerms(nodes: readonly Node[], perturbed: (id: number) => boolean): number[] {
  const depth = nodes.map(() => 0);
  const affine = nodes.map((node) => perturbed(node.id) && isAffine(node, perturbed));
  for (const node of nodes) {
    if (!affine[node.id]) continue;
    const operands = node.operands.map((id) => nodes[id] ?? node);
    const before = Math.max(0, ...node.operands.map((id) => (affine[id] ? (depth[id] ?? 0) : 0)));
    depth[node.id] = before + (rulesOf(node).terms?.(node, operands) ?? 0);
  }
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!affine[id]) continue;
    for (const operand of nodes[id]?.operands ?? []) {
      if (affine[operand]) depth[operand] = Math.max(depth[operand] ?? 0, depth[id] ?? 0);
    }
  }
  return depth;
}
