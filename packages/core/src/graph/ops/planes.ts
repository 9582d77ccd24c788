/**
 * A function of several values between two planes over their box: what carries linear bounds backwards
 * through it. Planes are given by their height at the operands' centres, and by what they make of rows of
 * coefficients. They hold for the value as a network computes it, rounding included.
 */
import type { Builder } from '../builder.ts';
import type { Dimension, Shape } from '../dimension.ts';
import type { Node, NodeOf, OpName } from '../graph.ts';
import type { Bounds, RoundingModel } from './definition.ts';

export interface PlaneContext<K extends OpName> {
  readonly b: Builder;
  readonly node: NodeOf<K>;
  readonly operands: readonly Bounds[];
  readonly centres: readonly Node[];
  readonly rounding: RoundingModel;
}

/** Rows of coefficients [batch, rows, …value], in the parts that are not negative and not positive. */
export interface SignedRows {
  readonly positive: Node;
  readonly negative: Node;
}

/** The value lies on or above the lower plane and on or below the upper one. */
export interface Planes {
  /** Heights at the centres, of the node's shape. */
  readonly lower: Node;
  readonly upper: Node;
  /** Coefficients of an operand [batch, rows, …operand]; undefined where it has none. */
  carry(operand: number, rows: SignedRows): Node | undefined;
  /** Σ |slope|·reach of an operand, the steeper plane's, of the node's shape. */
  spread(operand: number, reach: Node): Node;
  /** Products summed into one coefficient. */
  readonly terms: number;
}

/** A plane over a box of operands that broadcast: a slope for each, of a shape that broadcasts too. */
export interface Plane {
  readonly slopes: readonly Node[];
  readonly height: Node;
}

/** A value [batch, …] or of fewer axes, to stand beside rows [batch, rows, …] of the given rank. */
export function besideRows(value: Node, rank: number, b: Builder): Node {
  const [first = 1, ...rest] = value.shape;
  return value.shape.length === rank ? b.reshape(value, [first, 1, ...rest]) : value;
}

/** Element by element; undefined where a row of an operand is not one of the result. */
export function elementwisePlanes(
  { b, node, operands }: PlaneContext<OpName>,
  lower: Plane,
  upper: Plane,
): Planes | undefined {
  const rank = node.shape.length;
  const isRow = ({ lower: { shape } }: Bounds): boolean => shape[0] === node.shape[0];
  if (operands.some((each) => isRow(each) && each.lower.shape.length !== rank)) return undefined;
  const full = (value: Node): Node => b.expand(value, node.shape);
  const slopesOf = (i: number): [Node, Node] => {
    const [least, most] = [lower.slopes[i], upper.slopes[i]];
    if (!least || !most) throw new RangeError('a plane has a slope for each operand');
    return [least, most];
  };
  return {
    lower: full(lower.height),
    upper: full(upper.height),
    carry: (i, { positive, negative }) => {
      const [least, most] = slopesOf(i).map((slope) => besideRows(slope, rank, b));
      const product = least === most || !least || !most ? undefined : b.mul(positive, least);
      const sum =
        product && most
          ? b.add(product, b.mul(negative, most))
          : b.mul(b.add(positive, negative), least ?? 0);
      const shape = operands[i]?.lower.shape ?? [];
      return b.sumTo(sum, rowsShape(sum, shape));
    },
    spread: (i, reach) => {
      const [least, most] = slopesOf(i);
      return full(b.mul(b.max(b.abs(least), b.abs(most)), reach));
    },
    terms:
      2 + operands.reduce((most, { lower: { shape } }) => Math.max(most, fanOut(node, shape)), 1),
  };
}

/** [batch, rows, …] of an operand's shape. */
export function rowsShape(rows: Node, shape: Shape): Shape {
  const [batch = 1, count = 1] = rows.shape;
  return [batch, count, ...shape.slice(1)];
}

/** How many elements of the result one of an operand is repeated for. */
function fanOut(node: Node, shape: Shape): number {
  const size = (dims: Shape): number =>
    dims.reduce<number>(
      (product, dim: Dimension) => product * (typeof dim === 'number' ? dim : 1),
      1,
    );
  return Math.ceil(size(node.shape.slice(1)) / Math.max(size(shape.slice(1)), 1));
}

/** One plane where a mask is 1, another where it is 0. */
export function chosenPlane(b: Builder, mask: Node, first: Plane, second: Plane): Plane {
  return {
    slopes: first.slopes.map((slope, i) => b.where(mask, slope, second.slopes[i] ?? 0)),
    height: b.where(mask, first.height, second.height),
  };
}

/** Planes moved apart by an error. */
export function apart(b: Builder, lower: Plane, upper: Plane, error: Node): [Plane, Plane] {
  return [
    { ...lower, height: b.sub(lower.height, error) },
    { ...upper, height: b.add(upper.height, error) },
  ];
}

/** How far an operand's value may be from its centre, and how large either is. */
export function extent(b: Builder, { lower, upper }: Bounds, centre: Node): Node {
  return b.max(b.max(b.abs(lower), b.abs(upper)), b.abs(centre));
}

/**
 * Rounding of a product or sum of few terms and of its planes: relative to Σ |terms|. The network's, and
 * the bound's own for a handful of operations.
 */
export function fewRoundings(b: Builder, rounding: RoundingModel, terms: Node, n = 1): Node {
  const relative = rounding.gamma(n) + 4 * rounding.own(n + 8);
  return b.add(b.mul(terms, relative), 4 * rounding.tiny(n));
}
