/**
 * Planes around a matrix product of two perturbed values. Each product is between x̄·y + x·ȳ − x̄·ȳ and that
 * ± r_x·r_y around the middles x̄ and ȳ (the mean of McCormick's two planes on either side), so all of it is
 * matrix products, of the same slopes below and above.
 */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { centred } from './outward.ts';
import { extent, fewRoundings, type PlaneContext, type Planes } from './planes.ts';

/** The inner axis of a product. */
function innerOf({ shape }: Node, transposed: boolean): number {
  return Number(shape.at(transposed ? -2 : -1));
}

export function contractionPlanes(context: PlaneContext<'matMul'>): Planes | undefined {
  const { b, node, operands, centres, rounding } = context;
  const { transA, transB } = node.attributes;
  const [x, y] = operands;
  const [centreX, centreY] = centres;
  if (!x || !y || !centreX || !centreY) return undefined;
  const ranks = [x.lower, y.lower].map(({ shape }) => shape.length);
  // Rows of a plain matrix are samples: they would meet in the product.
  if (ranks.some((rank) => rank !== node.shape.length) || node.shape.length < 3) return undefined;
  const product = (p: Node, q: Node): Node => b.matMul(p, q, { transA, transB });
  const [own, other] = [centred(b, x), centred(b, y)];
  const zero = (value: Node): Node => b.mul(b.abs(value), 0);
  const radii = product(own.radius ?? zero(own.centre), other.radius ?? zero(other.centre));
  const apart = product(b.sub(centreX, own.centre), b.sub(centreY, other.centre));
  const height = b.sub(product(centreX, centreY), apart);
  const inner = innerOf(x.lower, transA);
  const sizes = product(extent(b, x, centreX), extent(b, y, centreY));
  const error = b.add(radii, fewRoundings(b, rounding, b.mul(sizes, 4), inner));
  const beside = (value: Node): Node => {
    const [batch = 1, ...rest] = value.shape;
    return b.reshape(value, [batch, 1, ...rest]);
  };
  const [slopesX, slopesY] = [beside(other.centre), beside(own.centre)];
  return {
    lower: b.sub(height, error),
    upper: b.add(height, error),
    carry: (i, { positive, negative }) => {
      const rows = b.add(positive, negative);
      return toOperand(
        b,
        rows,
        i === 0 ? x.lower : y.lower,
        gradient(b, i, rows, slopesX, slopesY, transA, transB),
      );
    },
    spread: (i, reach) =>
      i === 0 ? product(reach, b.abs(other.centre)) : product(b.abs(own.centre), reach),
    terms: inner + Number(node.shape.at(-1)) + Number(node.shape.at(-2)),
  };
}

/** The adjoint of the product in one operand, the other at its middle. */
function gradient(
  b: Builder,
  operand: number,
  rows: Node,
  y: Node,
  x: Node,
  transA: boolean,
  transB: boolean,
): Node {
  if (operand === 0) {
    return transA
      ? b.matMul(y, rows, { transA: transB, transB: true })
      : b.matMul(rows, y, { transB: !transB });
  }
  return transB
    ? b.matMul(rows, x, { transA: true, transB: transA })
    : b.matMul(x, rows, { transA: !transA });
}

/** Sums over leading axes along which the operand was repeated. */
function toOperand(b: Builder, rows: Node, operand: Node, coefficients: Node): Node {
  const [batch = 1, count = 1] = rows.shape;
  return b.sumTo(coefficients, [batch, count, ...operand.shape.slice(1)]);
}
