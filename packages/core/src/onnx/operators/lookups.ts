/** Gather: elements at positions that the file knows, or rows of a table at positions that the input gives. */
import { isSymbolic, known } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** Rows of a table at positions that the input gives, as token ids do; negative ones count from the end. */
function lookedUp(c: LoweringContext, x: Node, axis: number, positions: Node): Node {
  const { b } = c;
  if (x.shape.some(isSymbolic)) {
    throw c.unsupported('values of the input cannot be gathered at positions that the input gives');
  }
  const axes = x.shape.map((_, i) => i);
  const others = axes.filter((i) => i !== axis);
  const table = b.transpose(x, [axis, ...others]);
  const size = known(x.shape[axis] ?? 0, 'a gathered axis');
  const counted = b.where(b.greater(0, positions), b.add(positions, size), positions);
  const rows = b.push('lookup', [table, counted], {});
  const rank = positions.shape.length;
  // [...positions, ...others] → what stood before the axis comes to the front.
  const before = others.slice(0, axis).map((_, i) => rank + i);
  const own = Array.from({ length: rank }, (_, i) => i);
  const after = others.slice(axis).map((_, i) => rank + axis + i);
  return b.transpose(rows, [...before, ...own, ...after]);
}

export const lookups: Readonly<Record<string, Lowering>> = {
  Gather: (c) => {
    const x = c.operand();
    const axis = c.axis(c.int('axis', 0), x.shape.length);
    if (c.operand(1).op !== 'constant') return lookedUp(c, x, axis, c.operand(1));
    const indices = c.constant(1);
    if (!indices) throw c.invalid('Gather needs indices');
    c.listable(indices.data.length);
    const size = known(x.shape[axis] ?? 0, 'a gathered axis');
    const positions = (c.wholes(1) ?? []).map((index) => (index < 0 ? index + size : index));
    const gathered = c.b.gather(x, axis, positions);
    return c.b.reshape(gathered, [
      ...x.shape.slice(0, axis),
      ...indices.shape,
      ...x.shape.slice(axis + 1),
    ]);
  },
};
