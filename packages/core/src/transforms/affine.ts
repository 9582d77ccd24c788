/**
 * Affine regions: the part of a graph between a value and the nearest non-linear values (its
 * frontier). Inside a region nothing is lost: a value is spec·v = Σ A_i·h_i + constant with rows A_i
 * pulled back by the adjoints, so bounds on the frontier bound it exactly in every norm.
 */
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { pullBack } from './gradient.ts';
import { rulesOf } from './lowering.ts';

/** Whether a node is linear in those of its operands that are perturbed. */
export function isAffine(node: Node, perturbed: (id: number) => boolean): boolean {
  const definition = rulesOf(node);
  const flags = node.operands.map(perturbed);
  if (definition.linearIn) return definition.linearIn(flags);
  return definition.kind === 'linear' || definition.kind === 'structural';
}

export interface AffineRegion {
  readonly output: Node;
  /** Nodes strictly inside, in topological order, the output last; empty for a frontier value. */
  readonly inside: readonly Node[];
  /** Perturbed values the region starts from: seeds, and results of non-linear ops. */
  readonly frontier: readonly Node[];
}

/** The region that ends in `output`. `perturbed` says which nodes depend on a seed. */
export function affineRegion(
  nodes: readonly Node[],
  output: Node,
  perturbed: (id: number) => boolean,
  isSeed: (id: number) => boolean,
): AffineRegion {
  const inside: Node[] = [];
  const frontier: Node[] = [];
  const seen = new Set<number>();
  const visit = (node: Node): void => {
    if (seen.has(node.id) || !perturbed(node.id)) return;
    seen.add(node.id);
    if (isSeed(node.id) || !isAffine(node, perturbed)) {
      frontier.push(node);
      return;
    }
    for (const id of node.operands) {
      const operand = nodes[id];
      if (operand) visit(operand);
    }
    inside.push(node);
  };
  visit(output);
  return { output, inside, frontier };
}

/**
 * Whether every value of the region is a stack of rows, one a sample: then rows of a specification
 * can take the batch's place.
 */
export function isRowwise(region: AffineRegion, batch: Dimension): boolean {
  return [...region.inside, ...region.frontier].every(({ shape }) => shape[0] === batch);
}

type Remake = (node: Node, operands: readonly Node[]) => Node;

/** Remakes the region over other values of its frontier; points stand for themselves. */
function remake(
  region: AffineRegion,
  frontier: ReadonlyMap<number, Node>,
  point: (id: number) => Node,
  make: Remake,
): Node {
  const copies = new Map(frontier);
  for (const node of region.inside) {
    const operands = node.operands.map((id) => copies.get(id) ?? point(id));
    copies.set(node.id, make(node, operands));
  }
  const result = copies.get(region.output.id);
  if (!result) throw new RangeError('the region does not reach its output');
  return result;
}

function nodeOf(b: Builder, id: number): Node {
  const node = b.nodes[id];
  if (!node) throw new RangeError(`the builder has no node ${id}`);
  return node;
}

/** Re-evaluates a region with the frontier replaced by other values of the same shapes. */
export function evaluateRegion(
  b: Builder,
  region: AffineRegion,
  frontier: ReadonlyMap<number, Node>,
): Node {
  return remake(
    region,
    frontier,
    (id) => nodeOf(b, id),
    (node, operands) => b.push(node.op, operands, node.attributes),
  );
}

/** Σ |terms| of the region's output, given the frontier's magnitudes (running error analysis). */
export function regionMagnitude(
  b: Builder,
  region: AffineRegion,
  frontier: ReadonlyMap<number, Node>,
): Node {
  return remake(
    region,
    frontier,
    (id) => b.abs(nodeOf(b, id)),
    (node, operands) => {
      const absolute = rulesOf(node).absolute?.(b, node, operands);
      return absolute ?? b.push(node.op, operands, node.attributes);
    },
  );
}

/** Products and sums on the longest path through the region: the n of its γ_n. */
export function regionTerms(b: Builder, region: AffineRegion): number {
  const depth = new Map<number, number>();
  for (const node of region.inside) {
    const operands = node.operands.map((id) => nodeOf(b, id));
    const before = Math.max(0, ...node.operands.map((id) => depth.get(id) ?? 0));
    depth.set(node.id, before + (rulesOf(node).terms?.(node, operands) ?? 0));
  }
  return depth.get(region.output.id) ?? 0;
}

/**
 * Rows of the linear part: for spec rows [rows, …output] the coefficients [rows, …] of each frontier
 * value. Adjoints of linear ops use no value of their operand, so stand-ins of the right shape serve.
 */
export function pullRows(b: Builder, region: AffineRegion, spec: Node): Map<number, Node> {
  const rows = spec.shape[0] ?? 1;
  const standIns = new Map(
    region.frontier.map((node) => [node.id, standIn(b, node, rows)] as const),
  );
  const output = remake(
    region,
    standIns,
    (id) => nodeOf(b, id),
    (node, operands) => {
      const attributes = rulesOf(node).rebatched?.(node.attributes, rows) ?? node.attributes;
      return b.push(node.op, operands, attributes);
    },
  );
  const pulled = pullBack(b, output, spec, standIns.values());
  const result = new Map<number, Node>();
  for (const [id, stand] of standIns) {
    const row = pulled.get(stand.id);
    if (row) result.set(id, row);
  }
  return result;
}

/** A value of the node's shape for another number of rows, a node of its own for each. */
function standIn(b: Builder, node: Node, rows: Dimension): Node {
  const zero = b.constant({ type: 'float32', shape: [], data: new Float32Array(1) });
  return b.expand(zero, [rows, ...node.shape.slice(1)]);
}
