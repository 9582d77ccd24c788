/**
 * Sums in two levels. In whatever order a runtime adds, a sum of n terms is off by γ_n of their sizes; a sum
 * of blocks by γ of the block's size and of the number of blocks: at best 2√n terms count.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import { evenBlock } from '../graph/ops/blocked.ts';

export interface BlockedSum {
  /** x without its last axis. */
  readonly total: Node;
  /** The number of terms whose γ bounds the relative error of a sum of values ≥ 0. */
  readonly terms: number;
}

/** Over the last axis, whose size must be known. */
export function blockedSum(b: Builder, x: Node): BlockedSum {
  const width = Number(x.shape.at(-1) ?? 1);
  const size = width / evenBlock(width);
  const axis = x.shape.length - 1;
  if (size === width) return { total: b.sum(x, [axis]), terms: width };
  const blocks = b.reshape(x, [...x.shape.slice(0, -1), width / size, size]);
  return { total: b.sum(b.sum(blocks, [axis + 1]), [axis]), terms: size + width / size };
}
