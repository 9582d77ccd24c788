/**
 * What float32 takes from an affine region: from its value, as the network and a bound compute it, and from
 * rows that are pulled back through it, underflow included.
 */
import { isExact } from '../graph/ops/definition.ts';
import type { Node } from '../graph/graph.ts';
import { type AffineRegion, isRowwise } from './affine.ts';
import { greatestProduct } from './constant-factors.ts';
import { networkError } from './region-roundings.ts';
import { evaluationTerms, pulledTerms, regionSpread, regionTerms } from './region-sizes.ts';
import { reachesOf, type SizeContext, termSizes } from './term-sizes.ts';

/**
 * Error of a region's bound: of evaluating it (by the network, and at the centre), relative to its
 * terms; and of its rows, relative to the same terms over how far the frontier is from its centre: a
 * set's own, elsewhere the middle.
 */
export function regionError(context: SizeContext, region: AffineRegion): Node {
  const { b, rounding, batch } = context;
  if (isExact(rounding)) return b.mul(region.output, 0);
  const sizes = termSizes(context, region);
  const network = networkError(b, rounding, region, sizes);
  const own = b.mul(sizes.all, rounding.own(evaluationTerms(b, region)) * (1 + 2 ** -20));
  const values = network ? b.add(network, own) : own;
  const pulled = rounding.own(pulledTerms(b, region, batch) + 2);
  const rows = b.mul(sizes.reach, pulled);
  const error = b.add(b.add(values, rows), 4 * rounding.tiny(regionTerms(b, region)));
  const loss = pulledLoss(context, region);
  return loss ? b.add(error, b.perRow(loss, region.output.shape.length)) : error;
}

/** What underflow in pulled rows may cost, whatever their size: [batch]; undefined where nothing is rounded. */
export function pulledLoss(context: SizeContext, region: AffineRegion): Node | undefined {
  const { b, rounding, batch } = context;
  if (isExact(rounding) || !isRowwise(region, batch)) return undefined;
  const products = pulledTerms(b, region, batch) + 4;
  const loss = b.mul(regionSpread(b, region, reachesOf(context, region)), products * 2 ** -124);
  // Rows may meet constants in another order as well.
  const others = region.inside.flatMap((node) => {
    const factors = context.factorsOf(node);
    return factors ? [greatestProduct(context, factors, b.scalar(0), { shape: [batch] })] : [];
  });
  return others.length === 0
    ? loss
    : b.mul(
        loss,
        others.reduce((most, each) => b.max(most, each)),
      );
}
