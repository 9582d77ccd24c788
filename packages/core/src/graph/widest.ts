/** How large the values of a graph are. */
import { elementCount } from './dimension.ts';
import type { Node } from './graph.ts';

/** Elements for one row of the largest value; what has an open size behind its first does not count. */
export function widest(nodes: readonly Node[]): number {
  let most = 1;
  for (const { op, shape } of nodes) {
    if (op === 'constant') continue;
    const size = Number(elementCount(shape.slice(1)));
    if (size > most) most = size;
  }
  return most;
}
