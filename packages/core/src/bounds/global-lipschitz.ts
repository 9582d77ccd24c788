/**
 * Lipschitz constants of a network over all inputs, from norms of its layers (Szegedy et al. 2014): ‖f(x) − f(x′)‖ ≤
 * L·‖x − x′‖, both in the same ℓp norm. Constants of what follows one another multiply, of what is added add.
 * They are about the network over the real numbers.
 */
import type { Node } from '../graph/graph.ts';
import {
  changeOf,
  type Layers,
  type LipschitzConstants,
  type NormOf,
  orders,
  type Path,
  pathTo,
} from './layer-norms.ts';

export interface LayerConstants extends LipschitzConstants {
  readonly label: string;
  readonly op: string;
}

export interface GlobalLipschitz extends LipschitzConstants {
  /** Of each op as a function of its own operands, all of which change by a length of 1. */
  readonly layers: readonly LayerConstants[];
  /** The first op whose output changes without bound; null where there is none. */
  readonly unbounded: { readonly op: string; readonly label: string } | null;
}

const names = Object.keys(orders) as NormOf[];
const ONES: LipschitzConstants = { linf: 1, l2: 1, l1: 1 };

function byNorm(value: (name: NormOf) => number): LipschitzConstants {
  return { linf: value('linf'), l2: value('l2'), l1: value('l1') };
}

/**
 * Lipschitz constants of one output as a function of the perturbed input, other inputs being what they are.
 * Throws ModelError where a value jumps, or where samples are not kept apart.
 */
export async function globalLipschitz(network: Layers, output: Node): Promise<GlobalLipschitz> {
  const path = await pathTo(network, output);
  const known = constantsAlong(path);
  const layers = path.nodes.map((node) => {
    const alone = node.operands.map((id) => (known.has(id) ? ONES : undefined));
    return { label: node.label, op: node.op, ...changes(path, node, alone) };
  });
  const whole = known.get(path.to.id) ?? byNorm(() => 0);
  const unbounded = layers.find((layer) => names.every((name) => layer[name] === Infinity));
  return { ...whole, layers, unbounded: unbounded ?? null };
}

/** Of each value of the path as a function of the perturbed input, by its id. */
export function constantsAlong(path: Path): ReadonlyMap<number, LipschitzConstants> {
  const known = new Map<number, LipschitzConstants>([[path.from.id, ONES]]);
  for (const node of path.nodes) {
    const operands = node.operands.map((id) => known.get(id));
    known.set(node.id, changes(path, node, operands));
  }
  return known;
}

function changes(
  path: Path,
  node: Node,
  operands: readonly (LipschitzConstants | undefined)[],
): LipschitzConstants {
  return byNorm((name) => {
    const own = operands.map((constants) => constants?.[name] ?? 0);
    return changeOf(path, node, name, own);
  });
}
