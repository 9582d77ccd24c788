/**
 * What float32 takes from an affine region: from its value, as the network and a bound compute it, and from
 * rows that are pulled back through it, underflow included.
 */
import { isExact } from '../graph/ops/definition.ts';
import type { Node } from '../graph/graph.ts';
import { centred, FEW_ULPS, magnitude } from '../graph/ops/outward.ts';
import { type AffineRegion, isRowwise } from './affine.ts';
import { greatestProduct } from './constant-factors.ts';
import type { RegionBounds } from './interval-specification.ts';
import {
  evaluationTerms,
  type Least,
  pulledTerms,
  regionMagnitude,
  regionReach,
  regionSpread,
  regionTerms,
} from './region-sizes.ts';

type ErrorContext = Pick<
  RegionBounds,
  'b' | 'batch' | 'sets' | 'rounding' | 'boundsOf' | 'factorsOf'
>;

/** Added to sums whose γ it carries: γ ≥ 2⁻²², and underflow takes at most 2⁻¹²⁶ a product. */
const UNDERFLOWN = 2 ** -100;

/**
 * Error of a region's bound: of evaluating it (by the network, and at the centre), relative to its
 * terms; and of its rows, relative to the same terms over how far the frontier is from its centre: a
 * set's own, elsewhere the middle.
 */
export function regionError(context: ErrorContext, region: AffineRegion): Node {
  const { b, rounding, batch, boundsOf } = context;
  if (isExact(rounding)) return b.mul(region.output, 0);
  const sizes = new Map<number, Node>();
  for (const node of region.frontier) sizes.set(node.id, magnitude(b, boundsOf(node)));
  const terms = regionTerms(b, region);
  const network = rounding.gamma(terms) - rounding.own(terms);
  const evaluation = network + rounding.own(evaluationTerms(b, region));
  const size = regionMagnitude(b, region, sizes, leastOf(context));
  const values = b.mul(size, evaluation * (1 + 2 ** -20));
  const pulled = rounding.own(pulledTerms(b, region, batch) + 2);
  const rows = b.mul(regionReach(b, region, reachesOf(context, region)), pulled);
  const error = b.add(b.add(values, rows), 4 * rounding.tiny(terms));
  const loss = pulledLoss(context, region);
  return loss ? b.add(error, b.perRow(loss, region.output.shape.length)) : error;
}

/** What a sum is taken to be at least, so that its γ pays for underflow: its own, and that of its factors. */
export function leastOf(context: ErrorContext): Least {
  const { b, factorsOf } = context;
  return (node, known) => {
    const factors = factorsOf(node);
    const base = factors && known.get(factors.base.id);
    if (!base) return UNDERFLOWN;
    return b.mul(greatestProduct(context, factors, base, node.shape.length), UNDERFLOWN);
  };
}

/** What underflow in pulled rows may cost, whatever their size: [batch]; undefined where nothing is rounded. */
export function pulledLoss(context: ErrorContext, region: AffineRegion): Node | undefined {
  const { b, rounding, batch } = context;
  if (isExact(rounding) || !isRowwise(region, batch)) return undefined;
  const products = pulledTerms(b, region, batch) + 4;
  const loss = b.mul(regionSpread(b, region, reachesOf(context, region)), products * 2 ** -124);
  // Rows may meet constants in another order as well.
  const others = region.inside.flatMap((node) => {
    const factors = context.factorsOf(node);
    return factors ? [greatestProduct(context, factors, b.scalar(0), 1)] : [];
  });
  return others.length === 0
    ? loss
    : b.mul(
        loss,
        others.reduce((most, each) => b.max(most, each)),
      );
}

function reachesOf(context: ErrorContext, { frontier }: AffineRegion): Map<number, Node> {
  return new Map(frontier.map((node) => [node.id, reachOf(context, node)] as const));
}

function reachOf({ b, sets, boundsOf }: ErrorContext, node: Node): Node {
  const bounds = boundsOf(node);
  const centre = sets.get(node.id)?.centre;
  if (!centre) return centred(b, bounds).radius ?? b.mul(bounds.lower, 0);
  const reach = b.max(b.sub(bounds.upper, centre), b.sub(centre, bounds.lower));
  return b.add(b.mul(reach, 1 + FEW_ULPS), b.mul(b.abs(centre), FEW_ULPS));
}
