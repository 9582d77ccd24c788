/**
 * What the planes of softmax and its kin share: elements that are normalised together side by side on a last
 * axis, chords of the exponential, and a watch for numbers that grow too large.
 */
import type { Builder } from '../builder.ts';
import { elementCount, known } from '../dimension.ts';
import type { Node } from '../graph.ts';
import type { Bounds } from './definition.ts';

/** Heights and slopes beyond are replaced by the flat plane at the range's end. */
const MOST = 2 ** 60;

/** Elements side by side on a last axis: [batch, groups, elements], and the way back. */
export interface Lane {
  readonly count: number;
  into(value: Node): Node;
  /** Lanes [batch, groups, elements] in the shape of a value. */
  back(lanes: Node, value: Node): Node;
  /** Rows [batch, rows, …value] as [batch, groups, rows, elements]. */
  rowsInto(rows: Node): Node;
  /** The same back to the shape of a value. */
  rowsBack(lanes: Node, rows: Node, value: Node): Node;
}

function inverseOf(order: readonly number[]): number[] {
  const inverse: number[] = [];
  order.forEach((axis, i) => (inverse[axis] = i));
  return inverse;
}

export function laneOf(b: Builder, x: Node, axes: readonly number[]): Lane {
  const rank = x.shape.length;
  const rest = x.shape.map((_, i) => i).filter((i) => i > 0 && !axes.includes(i));
  const order = [0, ...rest, ...axes];
  const sizes = (all: readonly number[]): number =>
    known(elementCount(all.map((i) => x.shape[i] ?? 1)), 'a normalised axis');
  const [groups, count] = [sizes(rest), sizes(axes)];
  const [batch = 1] = x.shape;
  const home = inverseOf(order);
  // Axes of rows lie one further, behind the rows' own.
  const rowOrder = [0, ...rest.map((i) => i + 1), 1, ...axes.map((i) => i + 1)];
  const inverse = inverseOf(rowOrder);
  return {
    count,
    into: (value) => b.reshape(b.transpose(value, order), [batch, groups, count]),
    back: (lanes, { shape }) =>
      b.transpose(
        b.reshape(
          lanes,
          order.map((axis) => shape[axis] ?? 1),
        ),
        home,
      ),
    rowsInto: (rows) =>
      b.reshape(b.transpose(rows, rowOrder), [batch, groups, rows.shape[1] ?? 1, count]),
    rowsBack: (lanes, rows, value) => {
      const full = [batch, rows.shape[1] ?? 1, ...value.shape.slice(1)];
      const moved = rowOrder.slice(0, rank + 1).map((axis) => full[axis] ?? 1);
      return b.transpose(b.reshape(lanes, moved), inverse);
    },
  };
}

export interface Chord {
  readonly slope: Node;
  /** Its height at the lower end. */
  readonly foot: Node;
}

/** The chord of eˣ; where the ends meet, the tangent. */
export function expChord(b: Builder, { lower, upper }: Bounds): Chord {
  const foot = b.exp(lower);
  const width = b.sub(upper, lower);
  const slope = b.div(b.sub(b.exp(upper), foot), b.max(width, 1e-30));
  // Narrower than that a difference is mostly rounding, and no chord is as steep as the upper end.
  return { foot, slope: b.where(b.greater(width, 2 ** -12), slope, b.exp(upper)) };
}

/** Rounding of a sum of so many exponentials and of what is made of it. */
export const relativeError = (count: number): number => 2 ** -16 + count * 2 ** -21;

/** 1 where numbers are bounded, not NaN either. */
export function fits(b: Builder, values: readonly Node[]): Node {
  return b.greater(
    MOST,
    values.map((value) => b.abs(value)).reduce((sum, value) => b.add(sum, value)),
  );
}
