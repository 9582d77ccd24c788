/**
 * What the float32 evaluation of an affine region may be off by, in any order of its sums. By γ_n of the sizes T of
 * its terms, n being the roundings that a term passes (Higham 2002, section 3.1). And by counting: a sum of L terms
 * other than 0 takes L − 1 additions; what each rounds is the sum of some of the terms, no farther from 0 than all
 * that are positive together or all that are negative, H (T/2 ≤ H ≤ T, section 4.2): (L − 1)·u·H, and the products
 * by themselves, relative to T.
 */
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import type { RoundingModel } from '../graph/ops/definition.ts';
import type { AffineRegion } from './affine.ts';
import { regionCounts } from './region-counts.ts';
import { productRoundings, regionTerms } from './region-sizes.ts';
import type { TermSizes } from './term-sizes.ts';

/** For fewer roundings of a term nothing is counted: there is little to gain. */
const FEWEST_TERMS = 64;
const UNIT = 2 ** -24;
/** Room for a handful of float32 operations. */
const FEW = 1 + 2 ** -20;

/** Of every element of the region's output; undefined where the network is taken over the reals. */
export function networkError(
  b: Builder,
  rounding: RoundingModel,
  region: AffineRegion,
  sizes: TermSizes,
): Node | undefined {
  const terms = regionTerms(b, region);
  const own = rounding.own(terms);
  const network = rounding.gamma(terms) - own;
  if (network === 0) return undefined;
  const byTerms = b.mul(sizes.all, network * FEW);
  const counts = terms < FEWEST_TERMS ? undefined : regionCounts(b, region, sizes.live());
  if (!counts) return byTerms;
  const { gross, oneSided } = sizes.oneSided(1 + 4 * own);
  const additions = b.mul(b.relu(b.sub(counts, 1)), UNIT);
  const products = rounding.own(productRoundings(b, region));
  // What is added is itself rounded: by γ of all roundings, less than twice their sum.
  const added = b.add(oneSided, b.mul(gross, b.mul(b.add(additions, products), 2)));
  const counted = b.add(b.mul(additions, added), b.mul(gross, products));
  return b.min(byTerms, b.mul(counted, (1 + 4 * own) * FEW));
}
