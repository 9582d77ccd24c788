/** Slopes of the lines below hinges that are free to be chosen (Xu et al. 2021, α-CROWN). */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { Bounds } from '../graph/ops/definition.ts';
import { hingeSlope } from '../graph/ops/lines.ts';
import { rulesOf } from './lowering.ts';

export interface FreeSlopes {
  /**
   * For each coefficient row, [batch, rows, width]: the difference from the slope that CROWN chooses.
   * Any value is sound, since slopes are kept within their range. `coefficients`: what rows have of it.
   */
  differenceAt(hinge: Node, coefficients: Node): Node | undefined;
  /** Told the difference that is used, which is what a bound's gradient is taken with respect to. */
  used(hinge: Node, difference: Node): void;
}

/**
 * How far the free slope of a hinge is from the one its line below has, within the slopes that stay
 * below the hinge, where it bends: [batch, rows, width]. `beside` puts a value next to rows. Undefined
 * where the node is no hinge, or its slope is not free.
 */
export function turnedSlope(
  b: Builder,
  slopes: FreeSlopes,
  { node, coefficients }: { readonly node: Node; readonly coefficients: Node },
  x: Bounds,
  beside: (value: Node) => Node,
): Node | undefined {
  const flat = rulesOf(node).hinge?.(node.attributes);
  const free = flat === undefined ? undefined : slopes.differenceAt(node, coefficients);
  if (flat === undefined || !free) return undefined;
  const bends = b.mul(b.greater(0, x.lower), b.greater(x.upper, 0));
  const steep = hingeSlope(b, x, flat);
  const most = beside(b.mul(bends, b.sub(1, steep)));
  const least = beside(b.mul(bends, b.sub(flat, steep)));
  const difference = b.min(b.max(free, least), most);
  slopes.used(node, difference);
  return difference;
}
