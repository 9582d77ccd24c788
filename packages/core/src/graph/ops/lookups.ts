/**
 * Rows of a table at computed positions: an embedding. Linear in the table; a step in the positions, so
 * gradients stop there.
 */
import { type Dimension, elementCount, known, printShape, type Shape } from '../dimension.ts';
import type { Node } from '../graph.ts';
import { isPoint, type OpDefinition, ShapeError } from './definition.ts';
import { pair } from './operands.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** Operands table [n, …rest] and positions (whole numbers 0 ≤ i < n): […positions, …rest]. */
    lookup: object;
  }
}

const SAID = 'a table';
const INT64 = 7;

function sizesOf(table: Shape): { rows: number; rest: Dimension[] } {
  const [rows, ...rest] = table;
  if (rows === undefined) throw new ShapeError('a table has at least one axis');
  return { rows: known(rows, SAID), rest };
}

export const lookups: { readonly lookup: OpDefinition<'lookup'> } = {
  lookup: {
    kind: 'structural',
    lifted: 'each',
    infer: (_, operands) => {
      const [table, positions] = pair(operands);
      const { rest } = sizesOf(table.shape);
      if (table.type !== 'float32' || positions.type !== 'float32') {
        throw new ShapeError(
          `a table ${printShape(table.shape)} of ${table.type} is not supported`,
        );
      }
      return { type: table.type, shape: [...positions.shape, ...rest] };
    },
    emit: (e, _node, operands) => {
      const [table, positions] = pair(operands);
      const whole = e.node('Cast', [e.nameOf(positions)], { to: INT64 });
      return e.node('Gather', [e.nameOf(table), whole], { axis: 0 });
    },
    linearIn: (perturbed) => perturbed[1] !== true,
    flat: 'which rows are looked up jumps',
    // Rows that were looked up more than once add up: a product with one-hot rows.
    gradient: ({ b, operands, cotangent }, index) => {
      if (index !== 0) return undefined;
      const [table, positions] = pair(operands);
      const { rows, rest } = sizesOf(table.shape);
      const [count, width] = [elementCount(positions.shape), elementCount(rest)];
      const numbers = b.floats(
        Array.from({ length: rows }, (_, i) => i),
        [1, rows],
      );
      const hot = b.equal(b.reshape(positions, [count, 1]), numbers);
      const sums = b.matMul(hot, b.reshape(cotangent, [count, width]), { transA: true });
      return b.reshape(sums, table.shape);
    },
    // Where more than one whole number is possible, between the least and the greatest of each column.
    range: ({ b, node, operands }) => {
      const [table, positions] = pair(operands);
      const { rows } = sizesOf(table.lower.shape);
      const at = (values: Node, where: Node): Node => b.push('lookup', [values, where], {});
      if (isPoint(positions)) {
        const lower = at(table.lower, positions.lower);
        const upper = isPoint(table) ? lower : at(table.upper, positions.lower);
        return { lower, upper };
      }
      const first = b.push('ceil', [positions.lower], {});
      const only = b.equal(first, b.push('floor', [positions.upper], {}));
      const known = b.reshape(only, [
        ...positions.lower.shape,
        ...node.shape.slice(positions.lower.shape.length).map(() => 1),
      ]);
      // An end that is NaN would end the run: as a position it is no row at all.
      const inside = b.where(only, b.push('clip', [first], { min: 0, max: rows - 1 }), 0);
      const least = b.neg(b.maximum(b.neg(table.lower), [0]));
      return {
        lower: b.where(known, at(table.lower, inside), b.expand(least, node.shape)),
        upper: b.where(
          known,
          at(table.upper, inside),
          b.expand(b.maximum(table.upper, [0]), node.shape),
        ),
      };
    },
  },
};
