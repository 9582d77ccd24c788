/** Matrix products: [..., m, k]·[..., k, n] with NumPy broadcasting of the leading axes. */
import { broadcastShapes, type Dimension, printShape, type Shape } from '../dimension.ts';
import type { Node, ValueType } from '../graph.ts';
import { blockedProduct } from './blocked.ts';
import { oneFactor, type OpDefinition, ShapeError } from './definition.ts';
import type { Emitter } from './emitter.ts';
import { fullSteps, gramCost, spectralNormBound } from '../../tensor/gram.ts';
import { bilinearRange, magnitude } from './outward.ts';
import { contractionPlanes } from './contraction-planes.ts';
import { pair } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** trans flags swap an operand's last two axes. Both operands have rank ≥ 2. */
    matMul: { readonly transA: boolean; readonly transB: boolean };
  }
}

function matrixShape(shape: Shape, transposed: boolean): [Shape, Dimension, Dimension] {
  const rows = shape.at(-2);
  const columns = shape.at(-1);
  if (rows === undefined || columns === undefined) {
    throw new ShapeError(`${printShape(shape)} is no matrix`);
  }
  return transposed ? [shape.slice(0, -2), columns, rows] : [shape.slice(0, -2), rows, columns];
}

function inferMatMul(
  attributes: { transA: boolean; transB: boolean },
  operands: readonly ValueType[],
): ValueType {
  const [a, b] = operands;
  if (!a || !b) throw new ShapeError('a matrix product has two operands');
  const [leadA, m, k] = matrixShape(a.shape, attributes.transA);
  const [leadB, k2, n] = matrixShape(b.shape, attributes.transB);
  const lead = broadcastShapes(leadA, leadB);
  if (!lead || k !== k2) {
    throw new ShapeError(
      `matrices ${printShape(a.shape)} and ${printShape(b.shape)} cannot be multiplied`,
    );
  }
  return { type: a.type, shape: [...lead, m, n] };
}

function swapped(e: Emitter, node: Node, transposed: boolean): string {
  const name = e.nameOf(node);
  if (!transposed) return name;
  const rank = node.shape.length;
  const perm = node.shape.map((_, i) => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2));
  return e.node('Transpose', [name], { perm });
}

/** Multiplications spent on one matrix. */
const BUDGET = 3e9;

function affordableSteps(rows: number, columns: number): number {
  let steps = fullSteps(rows, columns);
  while (steps > 0 && gramCost(rows, columns, steps) > BUDGET) steps--;
  return steps;
}

export const contractions: { readonly matMul: OpDefinition<'matMul'> } = {
  matMul: {
    kind: 'linear',
    linearIn: oneFactor,
    infer: inferMatMul,
    emit: (e, { attributes: { transA, transB } }, operands) => {
      const [a, b] = pair(operands);
      if (a.shape.length === 2 && b.shape.length === 2) {
        return e.node('Gemm', [e.nameOf(a), e.nameOf(b)], {
          transA: Number(transA),
          transB: Number(transB),
        });
      }
      return e.node('MatMul', [swapped(e, a, transA), swapped(e, b, transB)]);
    },
    gradient: ({ b: build, node, operands, cotangent }, index) => {
      const { transA, transB } = node.attributes;
      const [a, b] = pair(operands);
      if (index === 0) {
        const gradient = transA
          ? build.matMul(b, cotangent, { transA: transB, transB: true })
          : build.matMul(cotangent, b, { transB: !transB });
        return build.sumTo(gradient, a.shape);
      }
      const gradient = transB
        ? build.matMul(cotangent, a, { transA: true, transB: transA })
        : build.matMul(a, cotangent, { transA: !transA });
      return build.sumTo(gradient, b.shape);
    },
    terms: ({ attributes }, operands) => {
      const [a] = operands;
      const inner = a && matrixShape(a.shape, attributes.transA)[2];
      if (typeof inner !== 'number') {
        throw new ShapeError('a product summed over the batch has no rounding bound');
      }
      return inner;
    },
    counted: (b, { attributes }, [x, y]) => {
      const count = x ?? y;
      if (!count || (x && y)) return undefined;
      const inner = matrixShape(count.shape, x ? attributes.transA : !attributes.transB)[2];
      const column = x ? !attributes.transB : attributes.transA;
      const ones = b.expand(b.scalar(1), column ? [inner, 1] : [1, inner]);
      return x ? b.matMul(x, ones, attributes) : b.matMul(ones, count, attributes);
    },
    blocked: blockedProduct,
    planes: contractionPlanes,
    spectralNorm: (_node, { shape, data }) => {
      const [rows = 1, columns = 1] = shape;
      const steps = affordableSteps(rows, columns);
      if (shape.length !== 2 || steps < 1) return undefined;
      const matrix = { rows, columns, data: Float64Array.from(data, Number) };
      return spectralNormBound(matrix, steps);
    },
    evaluationError: (context) => {
      const { b, node, rounding } = context;
      const [x, y] = pair(context.operands.map((operand) => magnitude(b, operand)));
      const terms = contractions.matMul.terms?.(node, [x, y]) ?? 0;
      const sizes = b.matMul(x, y, node.attributes);
      return b.add(b.mul(sizes, rounding.gamma(terms)), rounding.tiny(terms));
    },
    range: (context) => {
      const { b, node } = context;
      const types = context.operands.map((operand) => operand.lower);
      const terms = contractions.matMul.terms?.(node, types) ?? 0;
      return bilinearRange(context, terms, (x, y) => b.matMul(x, y, node.attributes));
    },
  },
};
