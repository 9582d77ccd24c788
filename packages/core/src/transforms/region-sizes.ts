/**
 * How large an affine region's terms are, and how many are summed: what bounds on rounding are made of
 * (running error analysis, Higham 2002, section 3.3).
 */
import type { Builder } from '../graph/builder.ts';
import type { Dimension } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import {
  type AffineRegion,
  nodeOf,
  pullRows,
  remakeAll,
  stackedCopies,
  standIn,
} from './affine.ts';
import { rulesOf } from './lowering.ts';

/** Sums of more are taken to be sums of products, of fewer what is rounded again for each. */
const MOST_APART = 8;

type Frontier = ReadonlyMap<number, Node>;

/** What is added to the sum of a node, given the magnitudes of those before. */
export type Least = (node: Node, known: ReadonlyMap<number, Node>) => Node | number;

/** Σ |terms| of every value of the region, given the frontier's magnitudes; `least` is added to each sum. */
function magnitudes(
  b: Builder,
  region: AffineRegion,
  frontier: Frontier,
  least?: Least,
): Map<number, Node> {
  const known = new Map(frontier);
  return remakeAll(
    region.inside,
    frontier,
    (id) => b.abs(nodeOf(b, id)),
    (node, operands) => {
      const rules = rulesOf(node);
      const own = rules.absolute?.(b, node, operands) ?? b.push(node.op, operands, node.attributes);
      const sum = rules.terms && least ? b.add(own, least(node, known)) : own;
      known.set(node.id, sum);
      return sum;
    },
  );
}

/**
 * Of the region's output. `least` is added to every sum on the way: times any γ it outweighs what underflow
 * takes from that sum.
 */
export function regionMagnitude(
  b: Builder,
  region: AffineRegion,
  frontier: Frontier,
  least?: Least,
): Node {
  const result = magnitudes(b, region, frontier, least).get(region.output.id);
  if (!result) throw new RangeError('the region does not reach its output');
  return result;
}

/** How far every value of the region is from its centre, at most, for a frontier that is so far from its own. */
function deviations(b: Builder, region: AffineRegion, reaches: Frontier): Map<number, Node> {
  const all = new Map(reaches);
  for (const node of region.inside) {
    const rules = rulesOf(node);
    const moves = node.operands.map((id) => all.get(id));
    const operands = moves.map((move, i) => move ?? b.abs(nodeOf(b, node.operands[i] ?? -1)));
    const moved =
      rules.deviation?.(b, node, moves) ??
      rules.absolute?.(b, node, operands) ??
      b.push(node.op, operands, node.attributes);
    all.set(node.id, moved);
  }
  return all;
}

/**
 * Σ over all values of the region of how far they are from their centres, for a frontier that is so far
 * from its own: [batch]. What a coefficient loses by underflow is multiplied by one of these.
 */
export function regionSpread(b: Builder, region: AffineRegion, reaches: Frontier): Node {
  return [...deviations(b, region, reaches).values()]
    .map((value) => b.sumRows(value))
    .reduce((sum, part) => b.add(sum, part));
}

/** The magnitude over deviations of the frontier: Σ |coefficients|·reach. */
export function regionReach(b: Builder, region: AffineRegion, reaches: Frontier): Node {
  const reach = deviations(b, region, reaches).get(region.output.id);
  if (!reach) throw new RangeError('the region does not reach its output');
  return reach;
}

/** Σ |coefficients|·values of the linear part, for stacked rows of values of any sign. */
export function stackedMagnitude(
  b: Builder,
  region: AffineRegion,
  values: ReadonlyMap<number, Node>,
  batch: Dimension,
): Node | undefined {
  const [first] = values.values();
  const rows = first?.shape[0] ?? 1;
  const nothing = new Map([...values].map(([id, value]) => [id, b.mul(value, 0)]));
  const whole = stackedCopies(b, region.inside, values, rows, batch, true)?.get(region.output.id);
  const constants = stackedCopies(b, region.inside, nothing, rows, batch, true)?.get(
    region.output.id,
  );
  return whole && constants && b.sub(whole, constants);
}

/** Products and sums on the longest path through the region, as the network computes it: the n of its γ_n. */
export function regionTerms(b: Builder, region: AffineRegion): number {
  return longestPath(b, region, (node, operands) => rulesOf(node).terms?.(node, operands) ?? 0);
}

/**
 * At least how often a term of the region's output is rounded by itself: where a runtime multiplies constants or
 * takes a product, and not where it adds.
 */
export function productRoundings(b: Builder, region: AffineRegion): number {
  return longestPath(b, region, (node, operands) => {
    const terms = rulesOf(node).terms?.(node, operands) ?? 0;
    return terms > MOST_APART ? 2 : 2 * terms;
  });
}

/** regionTerms, of what evaluateRegion computes. */
export function evaluationTerms(b: Builder, region: AffineRegion): number {
  return longestPath(b, region, (node, operands) => {
    const rules = rulesOf(node);
    return rules.blocked?.(b, node, operands)?.terms ?? rules.terms?.(node, operands) ?? 0;
  });
}

function longestPath(
  b: Builder,
  region: AffineRegion,
  terms: (node: Node, operands: readonly Node[]) => number,
): number {
  const depth = new Map<number, number>();
  for (const node of region.inside) {
    const operands = node.operands.map((id) => nodeOf(b, id));
    const before = Math.max(0, ...node.operands.map((id) => depth.get(id) ?? 0));
    depth.set(node.id, before + terms(node, operands));
  }
  return depth.get(region.output.id) ?? 0;
}

interface Pulled {
  readonly frontier: readonly Node[];
  readonly depth: number;
}

/** By a region's output; the same output may end regions that start elsewhere. */
const pulledDepths = new WeakMap<Node, Pulled>();

/**
 * The same of rows that are pulled back through the region: a sum in the adjoint is over what a value
 * is used for, not over what it is made of.
 */
export function pulledTerms(b: Builder, region: AffineRegion, batch: Dimension): number {
  const { output, frontier } = region;
  const known = pulledDepths.get(output);
  const isSame = known?.frontier.length === frontier.length;
  if (known && isSame && frontier.every((node, i) => node === known.frontier[i]))
    return known.depth;
  const depth = pulledDepth(b, region, batch);
  pulledDepths.set(output, { frontier, depth });
  return depth;
}

function pulledDepth(b: Builder, region: AffineRegion, batch: Dimension): number {
  const spec = standIn(b, region.output, batch);
  const pulled = pullRows(b, region, spec, batch);
  const depth = new Map([[spec.id, 0]]);
  for (const node of b.nodes.slice(spec.id + 1)) {
    const before = node.operands.flatMap((id) => depth.get(id) ?? []);
    if (before.length === 0) continue;
    const operands = node.operands.map((id) => nodeOf(b, id));
    depth.set(node.id, Math.max(...before) + (rulesOf(node).terms?.(node, operands) ?? 0));
  }
  const rows = [...(pulled?.values() ?? [])];
  return Math.max(0, ...rows.map(({ id }) => depth.get(id) ?? 0));
}
