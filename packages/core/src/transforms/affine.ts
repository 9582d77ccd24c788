/**
 * Affine regions: the part of a graph between a value and the nearest non-linear values (its
 * frontier). Inside a region nothing is lost: a value is spec·v = Σ A_i·h_i + constant with rows A_i
 * pulled back by the adjoints, so bounds on the frontier bound it exactly in every norm.
 */
import type { Builder } from '../graph/builder.ts';
import { divide, type Dimension, isSymbolic, sameShape } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { isExact, type RoundingModel, ShapeError } from '../graph/ops/definition.ts';
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

export type Remake = (node: Node, operands: readonly Node[]) => Node;

/** Remakes nodes over other values of what they start from; `point` gives what stands for points. */
export function remakeAll(
  inside: readonly Node[],
  frontier: ReadonlyMap<number, Node>,
  point: (id: number) => Node,
  make: Remake,
): Map<number, Node> {
  const copies = new Map(frontier);
  for (const node of inside) {
    const operands = node.operands.map((id) => copies.get(id) ?? point(id));
    copies.set(node.id, make(node, operands));
  }
  return copies;
}

/** Remakes the region, up to its output. */
function remake(
  region: AffineRegion,
  frontier: ReadonlyMap<number, Node>,
  point: (id: number) => Node,
  make: Remake,
): Node {
  const result = remakeAll(region.inside, frontier, point, make).get(region.output.id);
  if (!result) throw new RangeError('the region does not reach its output');
  return result;
}

export function nodeOf(b: Builder, id: number): Node {
  const node = b.nodes[id];
  if (!node) throw new RangeError(`the builder has no node ${id}`);
  return node;
}

/**
 * The region's value where the frontier has other values of the same shapes, all of them points; its
 * rounding counts evaluationTerms (region-sizes.ts). Where nothing is rounded, as the ops themselves make it.
 */
export function evaluateRegion(
  { b, rounding }: { readonly b: Builder; readonly rounding: RoundingModel },
  region: AffineRegion,
  frontier: ReadonlyMap<number, Node>,
): Node {
  const plain = isExact(rounding);
  return remake(
    region,
    frontier,
    (id) => nodeOf(b, id),
    (node, operands) =>
      (plain ? undefined : rulesOf(node).blocked?.(b, node, operands)?.value) ??
      b.push(node.op, operands, node.attributes),
  );
}

/**
 * Rows of the linear part: for spec rows [rows, …output] the coefficients [rows, …] of each frontier
 * value. Adjoints of linear ops use no value of their operand, so stand-ins of the right shape serve.
 * Undefined where the region cannot be remade over stacked rows (a point of every sample with rows
 * that all samples share; an axis of size 1 that only looks like the batch). Where `sizes`: the coefficients of
 * the sums of absolute terms.
 */
export function pullRows(
  b: Builder,
  region: AffineRegion,
  spec: Node,
  batch: Dimension,
  sizes = false,
): Map<number, Node> | undefined {
  const rows = spec.shape[0] ?? 1;
  const standIns = new Map(
    region.frontier.map((node) => [node.id, standIn(b, node, rows)] as const),
  );
  const copies = stackedCopies(b, region.inside, standIns, rows, batch, sizes);
  const output = copies?.get(region.output.id);
  if (!output) return undefined;
  const pulled = pullBack(b, output, spec, standIns.values());
  const result = new Map<number, Node>();
  for (const [id, stand] of standIns) {
    const row = pulled.get(stand.id);
    if (row) result.set(id, row);
  }
  return result;
}

/**
 * Nodes (in order) over stand-ins with `rows` in the batch's place, by the id of what they copy, or where `sizes`
 * the sums of their absolute terms; undefined where shapes forbid it.
 */
export function stackedCopies(
  b: Builder,
  inside: readonly Node[],
  standIns: ReadonlyMap<number, Node>,
  rows: Dimension,
  batch: Dimension,
  sizes = false,
): Map<number, Node> | undefined {
  const stand = new Set([...standIns.values()].map(({ id }) => id));
  const make: Remake = (node, operands) => {
    const rules = rulesOf(node);
    const aligned = operands.map((operand) =>
      stand.has(operand.id)
        ? operand
        : pointRows(b, operand, rows, batch, rules.kind === 'structural'),
    );
    const attributes = rules.rebatched?.(node.attributes, rows) ?? node.attributes;
    const moved: Node = Object.assign({}, node, { attributes });
    const absolute = sizes ? rules.absolute?.(b, moved, aligned) : undefined;
    const copy = absolute ?? b.push(node.op, aligned, attributes);
    if (!sameShape(copy.shape, [rows, ...node.shape.slice(1)])) {
      throw new ShapeError(`${node.op} does not keep its rows apart`);
    }
    stand.add(copy.id);
    return copy;
  };
  const point = (id: number): Node => (sizes ? b.abs(nodeOf(b, id)) : nodeOf(b, id));
  try {
    return remakeAll(inside, standIns, point, make);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

/**
 * A point beside stacked rows: one with a row for each sample is repeated for the sample's rows. A
 * batch of 1 broadcasts by itself, except where elements are only moved (joined).
 */
function pointRows(
  b: Builder,
  point: Node,
  rows: Dimension,
  batch: Dimension,
  moved: boolean,
): Node {
  const [first, ...rest] = point.shape;
  if (first !== batch || (!isSymbolic(batch) && !moved)) return point;
  const source = point.op === 'expand' ? nodeOf(b, point.operands[0] ?? -1) : point;
  const shared = source.shape.length < point.shape.length || source.shape[0] === 1;
  if (shared) return b.expand(source, [rows, ...rest]);
  const count = divide(rows, batch);
  if (count === undefined) return point;
  const repeated = b.expand(b.reshape(point, [batch, 1, ...rest]), [batch, count, ...rest]);
  return b.reshape(repeated, [rows, ...rest]);
}

/** A value of the node's shape for another number of rows, a node of its own for each. */
export function standIn(b: Builder, node: Node, rows: Dimension): Node {
  const zero = b.constant({ type: 'float32', shape: [], data: new Float32Array(1) });
  return b.expand(zero, [rows, ...node.shape.slice(1)]);
}
