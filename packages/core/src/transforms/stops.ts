/** Where a network bends: affine values that something takes next which is not affine. */
import { ancestors, type Node } from '../graph/graph.ts';
import { isAffine } from './affine.ts';
import type { RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';

/** An affine value that something bends next. */
export interface Stop {
  readonly node: Node;
  /** Whether it is affine in the input itself, so that nothing bounds it better. */
  readonly first: boolean;
  /** Whether only hinges bend it: where its interval lies on one side of 0 nothing does. */
  readonly hinges: boolean;
}

/** Nodes of a network, by their ids, and which of them depend on what is perturbed. */
export interface PerturbedNodes {
  readonly nodes: readonly Node[];
  readonly perturbed: (id: number) => boolean;
}

export function feedsNonlinear(network: PerturbedNodes, node: Node): boolean {
  const { perturbed } = network;
  if (!perturbed(node.id) || !isAffine(node, perturbed)) return false;
  return bending(network, node).length > 0;
}

/** What takes a value and is not affine in it. */
function bending({ nodes, perturbed }: PerturbedNodes, { id }: Node): readonly Node[] {
  return nodes.filter((user) => user.operands.includes(id) && !isAffine(user, perturbed));
}

/** The stops before an output, in topological order. */
export function stopsBefore(
  p: Pick<RegionBounds, 'sets' | 'regionOf'>,
  network: PerturbedNodes,
  output: Node,
): readonly Stop[] {
  const { nodes } = network;
  const needed = ancestors({ nodes, inputs: [], outputs: [] }, [output.id]);
  return nodes
    .filter((node) => needed[node.id] && node.id !== output.id && feedsNonlinear(network, node))
    .map((node) => ({
      node,
      first: p.regionOf(node).frontier.every(({ id }) => p.sets.has(id)),
      hinges: bending(network, node).every(
        (user) => rulesOf(user).hinge?.(user.attributes) !== undefined,
      ),
    }));
}
