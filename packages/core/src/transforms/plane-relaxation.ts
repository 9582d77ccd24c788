/**
 * Planes in the place of a function of several values, as a backward pass needs them: relative to the
 * value's own centre, and moved apart so that their coefficients pay for all rounding.
 */
import { elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { isPoint, isExact } from '../graph/ops/definition.ts';
import type { SignedRows } from '../graph/ops/planes.ts';
import type { Centres } from './centres.ts';
import { regroupingError } from './constant-factors.ts';
import type { RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';

export interface PlaneRelaxation {
  /** Heights of the plane below and of the one above, less the value's centre. */
  readonly low: Node;
  readonly high: Node;
  /** Products behind a coefficient of an operand. */
  readonly products: number;
  /** Coefficients of the operands that move with the set: [batch, rows, …operand]. */
  carried(rows: SignedRows): (readonly [operand: Node, coefficients: Node])[];
}

/** More than heights and slopes of lines lose by underflow. */
export const LEAST_ROOM = 2 ** -118;

/** A height relative to a centre, rounded downwards or upwards. */
export function offset(p: RegionBounds, height: Node, centre: Node, side: 1 | -1): Node {
  const { b } = p;
  const apart = b.sub(height, centre);
  if (isExact(p.rounding)) return apart;
  return b.sub(apart, b.mul(b.add(b.abs(height), b.abs(centre)), side * 2 ** -21));
}

/** Undefined where there are none but flat ones. */
export function relaxByPlanes(
  p: RegionBounds,
  node: Node,
  places: Centres,
): PlaneRelaxation | undefined {
  const { b, batch } = p;
  const operands = node.operands.map((id) => b.nodes[id] ?? node);
  const moves = operands.map((operand) => p.regionOf(operand).frontier.length > 0);
  const isRow = ({ shape }: Node): boolean => shape[0] === batch && shape.length > 1;
  const rules = rulesOf(node);
  const fits = isRow(node) && operands.every((operand, i) => !moves[i] || isRow(operand));
  if (!rules.planes || !fits) return undefined;
  const bounds = operands.map((operand) => p.boundsOf(operand));
  const centres = operands.map((operand) => places.of(operand));
  const context = { b, node, operands: bounds, centres, rounding: p.rounding };
  const planes = b.labelled(`planes of ${node.label}`, () => rules.planes?.(context));
  if (!planes) return undefined;
  const own = places.of(node);
  const least = offset(p, planes.lower, own, 1);
  const most = offset(p, planes.upper, own, -1);
  const sums = 2 * p.rounding.own(known(elementCount(node.shape.slice(1)), 'a layer') + 3);
  const spreads = operands.flatMap((operand, i) => {
    const ends = bounds[i];
    if (!ends || isPoint(ends)) return [];
    // What does not move with the set is only as far from its centre as it was rounded.
    const share = moves[i] ? p.rounding.own(planes.terms + 3) : 1;
    return [b.mul(planes.spread(i, places.reachOf(operand)), share * (1 + sums))];
  });
  const farthest = b.mul(b.add(b.abs(least), b.abs(most)), sums);
  const all = spreads.reduce((sum, spread) => b.add(sum, spread), farthest);
  const regrouped = regroupingError(p, node);
  const apart = regrouped ? b.add(all, regrouped) : all;
  const room = sums > 0 ? b.add(apart, LEAST_ROOM) : apart;
  return {
    low: b.sub(least, room),
    high: b.add(most, room),
    products: planes.terms + 8,
    carried: (rows) =>
      operands.flatMap((operand, i): (readonly [Node, Node])[] => {
        const coefficients = moves[i] ? planes.carry(i, rows) : undefined;
        return coefficients ? [[operand, coefficients]] : [];
      }),
  };
}
