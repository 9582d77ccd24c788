/**
 * How many numbers each element of an affine region's output is a sum of, when the region is multiplied out into
 * products of constants with one value of the frontier. A product with a value that is exactly 0 is none of them:
 * to add 0 rounds nothing.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import { type AffineRegion, nodeOf } from './affine.ts';
import { rulesOf } from './lowering.ts';

/** Whole numbers below it and their sums are exact in float32. */
const MOST_COUNTED = 2 ** 23;

interface Count {
  readonly value: Node;
  /** At least all of its elements, whatever is 0. */
  readonly most: number;
}

/**
 * At least that many: a value that broadcasts to the output's shape; `live` is 1 where a value of the frontier may
 * be other than 0, else 0. Undefined where there are too many to be counted.
 */
export function regionCounts(
  b: Builder,
  region: AffineRegion,
  live: ReadonlyMap<number, Node>,
): Node | undefined {
  const counts = new Map<number, Count>();
  for (const [id, value] of live) counts.set(id, { value, most: 1 });
  for (const node of region.inside) counts.set(node.id, countOf(b, node, counts));
  const result = counts.get(region.output.id);
  return result && result.most < MOST_COUNTED ? result.value : undefined;
}

function countOf(b: Builder, node: Node, counts: ReadonlyMap<number, Count>): Count {
  const rules = rulesOf(node);
  const operands = node.operands.map((id) => nodeOf(b, id));
  const known = operands.map((operand) => counts.get(operand.id));
  const ones = ({ shape }: Node): Node => b.expand(b.scalar(1), shape);
  const values = operands.map((operand, i) => known[i]?.value ?? ones(operand));
  const most = known.map((count) => count?.most ?? 1);
  const terms = rules.terms?.(node, operands) ?? 0;
  // The operands are terms themselves.
  if (rules.deviation) {
    const all = values.reduce((sum, value) => b.add(sum, value));
    return { value: b.expand(all, node.shape), most: most.reduce((sum, each) => sum + each) };
  }
  const greatest = Math.max(...most) * Math.max(terms, 1);
  const value =
    rules.counted?.(
      b,
      node,
      operands.map((_, i) => known[i]?.value),
    ) ??
    (rules.kind === 'structural' && !rules.linearIn
      ? b.push(node.op, values, node.attributes)
      : terms <= 1
        ? known.find((count) => count !== undefined)?.value
        : undefined);
  return { value: b.expand(value ?? b.scalar(greatest), node.shape), most: greatest };
}
