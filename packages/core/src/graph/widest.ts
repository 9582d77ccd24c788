/** How large the values of a graph are. */
import type { Node } from './graph.ts';

/** Elements for one row of the largest value; what has an open size behind its first does not count. */
export function widest(nodes: readonly Node[]): number {
  let most = 1;
  for (const { op, shape } of nodes) {
    if (op === 'constant') continue;
    const size = shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1);
    if (size > most) most = size;
  }
  return most;
}
