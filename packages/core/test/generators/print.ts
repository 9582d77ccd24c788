/** A graph in words, one line a node, for counterexamples. */
import type { Graph } from '../../src/graph/graph.ts';

export function printGraph(graph: Graph): string {
  const lines = graph.nodes.map((node) => {
    const attributes = JSON.stringify(node.attributes, (key, value: unknown) => {
      if (key !== 'tensor') return typeof value === 'number' ? String(value) : value;
      const { data } = value as { data: ArrayLike<number | bigint> };
      return data.length > 40 ? `${data.length} values` : Array.from(data, String).join(' ');
    });
    return `%${node.id} = ${node.op}(${node.operands.map((id) => `%${id}`).join(', ')}) [${node.shape.join(', ')}] ${attributes}`;
  });
  const outputs = graph.outputs.map(({ name, id }) => `${name} = %${id}`);
  return [...lines, ...outputs].join('\n');
}
