/** The program of the search: how far a point is from satisfying a disjunct, and a step towards it. */
import { Builder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import { gradientWith } from '../transforms/gradient.ts';
import type { BoxFunction } from './box-function.ts';

/**
 * x, lower, upper [batch, inputs], rows [batch, rows, variables], bounds [batch, rows], step [batch] →
 * `excess` [batch]: the greatest c·v − bound of a row (≤ 0 where all hold), and `next`: a step down its
 * gradient's signs, step times the box's width long, within the box.
 */
export function violationGraph(joint: BoxFunction): Graph {
  const b = new Builder();
  const { batch, inputCount, variableCount } = joint;
  const shape = [batch, inputCount];
  const [x, lower, upper] = [b.input('x', shape), b.input('lower', shape), b.input('upper', shape)];
  const rows = b.input('rows', [batch, 'rows', variableCount]);
  const bounds = b.input('bounds', [batch, 'rows']);
  const step = b.input('step', [batch]);
  const all = joint.replay(b, x, ['gradient']);
  const values = b.matMul(rows, b.reshape(all, [batch, variableCount, 1]));
  const short = b.sub(b.reshape(values, [batch, 'rows']), bounds);
  const excess = b.maximum(short, [1]);
  // What every row lacks, so that a step down one does not climb the others; and the greatest, to go inside.
  const loss = b.add(excess, b.sum(b.relu(short), [1]));
  const [gradient = x] = gradientWith(b, loss, [x]);
  const length = b.mul(b.perRow(step, 2), b.sub(upper, lower));
  const moved = b.sub(x, b.mul(length, b.sign(gradient)));
  return b.graph({ excess, next: b.min(b.max(moved, lower), upper) });
}
