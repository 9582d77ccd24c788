/**
 * How large the terms of an affine region are together over the bounds of its frontier: where this is one set that is
 * no box, around its centre and by how far the set lets all of them move at once.
 */
import { elementCount } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { centred, FEW_ULPS, magnitude } from '../graph/ops/outward.ts';
import { identityMatrix } from '../tensor/tensor.ts';
import { type AffineRegion, isRowwise, nodeOf, pullRows, remakeAll } from './affine.ts';
import { greatestProduct } from './constant-factors.ts';
import type { InputSet } from './input-set.ts';
import type { RegionBounds } from './interval-specification.ts';
import { rulesOf } from './lowering.ts';
import { type Least, pulledTerms, regionMagnitude, regionReach } from './region-sizes.ts';

export type SizeContext = Pick<
  RegionBounds,
  'b' | 'batch' | 'sets' | 'rounding' | 'boundsOf' | 'factorsOf'
>;

export interface TermSizes {
  /** Σ |terms|, at most. */
  readonly all: Node;
  /** Σ |coefficients|·(how far the frontier is from its centre), at most. */
  readonly reach: Node;
  /** By the id of a value of the frontier: 1 where it may be other than 0, else 0. */
  live(): ReadonlyMap<number, Node>;
  /**
   * At least what the positive terms make together, and the negative ones, and at least what both make: `room`
   * times what is summed here.
   */
  oneSided(room: number): { readonly oneSided: Node; readonly gross: Node };
}

/** Added to sums whose γ it carries: γ ≥ 2⁻²², and underflow takes at most 2⁻¹²⁶ a product. */
const UNDERFLOWN = 2 ** -100;
/** Coefficients of a first layer are summed by the set's own norm up to this many numbers. */
const DENSE_ROWS = 2 ** 20;

export function termSizes(context: SizeContext, region: AffineRegion): TermSizes {
  return aroundCentre(context, region) ?? overBoxes(context, region);
}

function overBoxes(context: SizeContext, region: AffineRegion): TermSizes {
  const { b, boundsOf } = context;
  const { frontier } = region;
  const least = leastOf(context);
  const over = (value: (node: Node) => Node): Map<number, Node> =>
    new Map(frontier.map((node) => [node.id, value(node)] as const));
  // What a hinge at 0 gives is never negative.
  const isPositive = (node: Node): boolean => rulesOf(node).hinge?.(node.attributes) === 0;
  const sizes = over((node) =>
    isPositive(node) ? boundsOf(node).upper : magnitude(b, boundsOf(node)),
  );
  const all = regionMagnitude(b, region, sizes, least);
  return {
    all,
    reach: regionReach(b, region, reachesOf(context, region)),
    live: () => over((node) => b.greater(sizes.get(node.id) ?? node, 0)),
    oneSided: (room) => {
      const ends = (node: Node): { up: Node; down: Node | number } => {
        const { lower, upper } = boundsOf(node);
        return isPositive(node)
          ? { up: upper, down: 0 }
          : { up: b.relu(upper), down: b.relu(b.neg(lower)) };
      };
      const wide = over((node) => {
        const { up, down } = ends(node);
        return down === 0 ? up : b.add(up, down);
      });
      const apart = over((node) => {
        const { up, down } = ends(node);
        return down === 0 ? up : b.sub(up, down);
      });
      const gross = b.mul(regionMagnitude(b, region, wide, least), room);
      const net = plainly(context, region, apart);
      const half = b.mul(b.add(gross, b.abs(net)), 0.5);
      return { gross, oneSided: b.min(half, b.mul(all, room)) };
    },
  };
}

function aroundCentre(context: SizeContext, region: AffineRegion): TermSizes | undefined {
  const { b, batch, sets, rounding, boundsOf } = context;
  const [seed, ...others] = region.frontier;
  const set = seed && sets.get(seed.id);
  if (!set || others.length > 0) return undefined;
  // What is lost where constants are multiplied first is told by the greatest value, not by the centre.
  if (region.inside.some((node) => context.factorsOf(node))) return undefined;
  const moved = movedBy(context, region, seed, set);
  if (!moved) return undefined;
  const terms = pulledTerms(b, region, batch);
  const reach = b.mul(moved, 1 + 2 * rounding.own(terms + 2));
  const centre = new Map([[seed.id, set.centre]]);
  const sizes = new Map([[seed.id, b.abs(set.centre)]]);
  const atCentre = regionMagnitude(b, region, sizes, leastOf(context));
  const all = b.add(atCentre, reach);
  return {
    all,
    reach,
    live: () => new Map([[seed.id, b.greater(magnitude(b, boundsOf(seed)), 0)]]),
    oneSided: (room) => {
      const net = b.abs(plainly(context, region, centre));
      const half = b.mul(b.add(b.mul(atCentre, room), net), 0.5);
      return { gross: b.mul(all, room), oneSided: b.add(half, reach) };
    },
  };
}

/** Σ |coefficients|·|x − centre| over a set that is no box, at most; undefined where they are too many. */
function movedBy(
  { b, batch }: SizeContext,
  region: AffineRegion,
  seed: Node,
  set: InputSet,
): Node | undefined {
  const { output } = region;
  const outputs = elementCount(output.shape.slice(1));
  const inputs = elementCount(seed.shape.slice(1));
  if (set.isBox || !set.spread || region.inside.length === 0 || !isRowwise(region, batch)) {
    return undefined;
  }
  if (typeof outputs !== 'number' || typeof inputs !== 'number') return undefined;
  if (outputs * inputs > DENSE_ROWS) return undefined;
  const identity = b.constant(identityMatrix(outputs));
  const spec = b.reshape(identity, [outputs, ...output.shape.slice(1)]);
  const rows = pullRows(b, region, spec, batch, true)?.get(seed.id);
  if (!rows) return undefined;
  const moved = set.spread(b.reshape(rows, [outputs, inputs]), true);
  return b.reshape(moved, [batch, ...output.shape.slice(1)]);
}

/** The region's output as the ops themselves make it. */
function plainly(
  { b }: SizeContext,
  region: AffineRegion,
  frontier: ReadonlyMap<number, Node>,
): Node {
  const made = remakeAll(
    region.inside,
    frontier,
    (id) => nodeOf(b, id),
    (node, operands) => b.push(node.op, operands, node.attributes),
  ).get(region.output.id);
  if (!made) throw new RangeError('the region does not reach its output');
  return made;
}

/** What a sum is taken to be at least, so that its γ pays for underflow: its own, and that of its factors. */
export function leastOf(context: SizeContext): Least {
  const { b, factorsOf } = context;
  return (node, known) => {
    const factors = factorsOf(node);
    const base = factors && known.get(factors.base.id);
    if (!base) return UNDERFLOWN;
    return b.mul(greatestProduct(context, factors, base, node), UNDERFLOWN);
  };
}

/** How far the values of a region's frontier are from their centres: a set's own, elsewhere the middle. */
export function reachesOf(context: SizeContext, { frontier }: AffineRegion): Map<number, Node> {
  return new Map(frontier.map((node) => [node.id, reachOf(context, node)] as const));
}

function reachOf({ b, sets, boundsOf }: SizeContext, node: Node): Node {
  const bounds = boundsOf(node);
  const centre = sets.get(node.id)?.centre;
  if (!centre) return centred(b, bounds).radius ?? b.mul(bounds.lower, 0);
  const reach = b.max(b.sub(bounds.upper, centre), b.sub(centre, bounds.lower));
  return b.add(b.mul(reach, 1 + FEW_ULPS), b.mul(b.abs(centre), FEW_ULPS));
}
