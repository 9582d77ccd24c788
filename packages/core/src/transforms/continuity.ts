/** What a model must be for its gradient to say how far its values move: nothing jumps, and samples lie apart. */
import { ancestors, dependents, type Graph, type Node } from '../graph/graph.ts';
import { ShapeError } from '../graph/ops/definition.ts';
import { ModelError } from '../onnx/model-error.ts';
import { rulesOf } from './lowering.ts';

/** Throws ModelError where a value between the nodes `from` and the output jumps. */
export function requireContinuous(graph: Graph, output: Node, from: Iterable<number>): void {
  const perturbed = dependents(graph, from);
  const needed = ancestors(graph, [output.id]);
  for (const node of graph.nodes) {
    if (!perturbed[node.id] || !needed[node.id]) continue;
    const rules = rulesOf(node);
    const flags = node.operands.map((id) => perturbed[id] ?? false);
    // What moves elements by values it is given jumps as those do.
    const moves = rules.kind === 'structural' && rules.linearIn?.(flags) === false;
    const jumps = rules.kind === 'step' || moves;
    if (!jumps) continue;
    throw new ModelError(
      'unsupported',
      `${node.op} (${node.label || `node ${node.id}`}) jumps, so that the model has no Lipschitz constant: use another method, such as --method interval`,
    );
  }
}

/** What can be built where samples lie one behind the other in every value. Throws ModelError where not. */
export function ofSamples<T>(build: () => T): T {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    throw new ModelError(
      'unsupported',
      `the gradient of the model has no bounds, since samples are not kept apart (${cause.message}): use another method, such as --method interval`,
      { cause },
    );
  }
}
