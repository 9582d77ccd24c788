/** Where along an axis the greatest or least element is: a step function, its gradient zero. */
import { known } from '../../graph/dimension.ts';
import { type Graph, type Node, operandsOf } from '../../graph/graph.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/**
 * Elements that attain the maximum weigh n − i (or i + 1, for the last of equals), others 0: the greatest
 * weight says the position.
 */
function positionOfMaximum(c: LoweringContext, x: Node): Node {
  const { b } = c;
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  const size = known(x.shape[axis] ?? 1, 'the axis of a position');
  const last = c.flag('select_last_index', false);
  const shape = x.shape.map((_, i) => (i === axis ? size : 1));
  const order = Array.from({ length: c.listable(size) }, (_, i) => (last ? i + 1 : size - i));
  const attained = b.greaterOrEqual(x, b.maximum(x, [axis], true));
  const weighed = b.mul(attained, b.floats(order, shape));
  const most = b.maximum(weighed, [axis], c.flag('keepdims', true));
  return last ? b.sub(most, 1) : b.sub(size, most);
}

/** The values of which a node is the position of the greatest, as written above; undefined where it is none. */
export function scoresOfPosition(graph: Graph, position: Node): Node | undefined {
  if (position.op !== 'sub') return undefined;
  const most = operandsOf(graph, position).find(({ op }) => op === 'reduceMax');
  const [weighed] = most ? operandsOf(graph, most) : [];
  const attained = weighed && operandsOf(graph, weighed).find(({ op }) => op === 'greaterOrEqual');
  const [x, greatest] = attained ? operandsOf(graph, attained) : [];
  const isGreatest = greatest?.op === 'reduceMax' && greatest.operands[0] === x?.id;
  return isGreatest && weighed?.op === 'mul' ? x : undefined;
}

export const extremes: Readonly<Record<string, Lowering>> = {
  ArgMax: (c) => positionOfMaximum(c, c.operand()),
  ArgMin: (c) => positionOfMaximum(c, c.b.neg(c.operand())),
};
