/**
 * Whether a graph's result on some feeds can be compared with float32 at all: evaluated once exactly
 * and once with every result rounded to float32, no step may fall on different sides and the outputs
 * must agree to a tenth of what is asked.
 */
import type { Graph } from '../../src/graph/graph.ts';
import { definitionOf } from '../../src/graph/ops/table.ts';
import { FLOAT32, isClose, type Tolerance } from '../allclose.ts';
import { evaluate, type Feeds } from './evaluate.ts';

export function isWellConditioned(
  graph: Graph,
  feeds: Feeds,
  { relative = 1e-4, absolute = 1e-5 }: Tolerance = FLOAT32,
): boolean {
  const exact = evaluate(graph, feeds);
  const rounded = evaluate(graph, feeds, { round: Math.fround });
  const tolerance = { relative: relative / 10, absolute: absolute / 10 };
  const outputs = new Set(graph.outputs.map(({ id }) => id));
  return graph.nodes.every(({ id, op }) => {
    const [x, y] = [exact[id]?.data ?? [], rounded[id]?.data ?? []];
    if (definitionOf(op).kind === 'step') return x.every((element, i) => element === y[i]);
    return (
      !outputs.has(id) || x.every((element, i) => isClose(y[i] ?? Number.NaN, element, tolerance))
    );
  });
}
