/** Ends of affine values that are tighter than box arithmetic: row by row, by the set or by backward bounds. */
import { elementCount } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { type Bounds, isExact } from '../graph/ops/definition.ts';
import { centred, outwardBy } from '../graph/ops/outward.ts';
import { identityMatrix } from '../tensor/tensor.ts';
import { type AffineRegion, evaluateRegion, pullRows } from './affine.ts';
import { backwardBound } from './backward-bounds.ts';
import type { RegionBounds } from './interval-specification.ts';
import { regionTerms } from './region-sizes.ts';
import { termSizes } from './term-sizes.ts';

/** Sums of fewer terms are rounded little by box arithmetic. */
const FEWEST_TERMS = 64;
/** Coefficient rows of a first layer are kept whole up to this many numbers. */
const DENSE_ROWS = 2 ** 24;

/**
 * Ends of an affine function of one set by its support function; undefined where the set is a box, which
 * box arithmetic knows as well, or where the rows are too many.
 */
export function supportedEnds(p: RegionBounds, region: AffineRegion): Bounds | undefined {
  const { b, batch } = p;
  const { output, frontier, inside } = region;
  const [seed, ...others] = frontier;
  const set = seed && p.sets.get(seed.id);
  if (!set || set.isBox || others.length > 0 || inside.length === 0) return undefined;
  const outputs = elementCount(output.shape.slice(1));
  const inputs = elementCount(seed.shape.slice(1));
  if (typeof outputs !== 'number' || typeof inputs !== 'number') return undefined;
  if (outputs * inputs > DENSE_ROWS) return undefined;
  const identity = b.constant(identityMatrix(outputs));
  const spec = b.reshape(identity, [outputs, ...output.shape.slice(1)]);
  const rows = pullRows(b, region, spec, batch)?.get(seed.id);
  if (!rows) return undefined;
  const flat = p.watchedNode(b.reshape(rows, [outputs, inputs]));
  const reach = (coefficients: Node): Node =>
    b.reshape(set.support(coefficients, true), [batch, ...output.shape.slice(1)]);
  const centre = evaluateRegion(p, region, new Map([[seed.id, set.centre]]));
  const ends = { lower: b.sub(centre, reach(b.neg(flat))), upper: b.add(centre, reach(flat)) };
  return outwardBy(b, ends, p.regionError(region));
}

/**
 * Ends of an affine function around its value at the middle of what it starts from, which is evaluated with fewer
 * roundings than box arithmetic takes; undefined where that gains little.
 */
export function closeEnds(p: RegionBounds, region: AffineRegion): Bounds | undefined {
  const { b, rounding, sets } = p;
  const terms = regionTerms(b, region);
  if (isExact(rounding) || terms < FEWEST_TERMS) return undefined;
  const centres = region.frontier.map((node) => {
    const centre = sets.get(node.id)?.centre ?? centred(b, p.boundsOf(node)).centre;
    return [node.id, centre] as const;
  });
  const centre = evaluateRegion(p, region, new Map(centres));
  const reach = b.mul(termSizes(p, region).reach, 1 + 2 * rounding.own(terms));
  const ends = { lower: b.sub(centre, reach), upper: b.add(centre, reach) };
  return outwardBy(b, ends, p.regionError(region));
}

/** Backward linear bounds of every element of a value of `size` elements. */
export function backwardEnds(p: RegionBounds, node: Node, size: number): Bounds {
  const { b, batch } = p;
  const identity = b.constant(identityMatrix(size));
  const both = b.concat([identity, b.neg(identity)], 0);
  const rows = b.expand(b.reshape(both, [1, 2 * size, size]), [batch, 2 * size, size]);
  const least = backwardBound(p, node, rows).lower;
  const shape = [batch, ...node.shape.slice(1)];
  return {
    lower: b.reshape(b.slice(least, 1, 0, size), shape),
    upper: b.neg(b.reshape(b.slice(least, 1, size, 2 * size), shape)),
  };
}
