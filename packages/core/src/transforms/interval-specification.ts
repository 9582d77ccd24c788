/**
 * The last step of interval bounds: a specification's rows over the outputs. Applied to ends they would
 * forget that outputs share their inputs; pulled back through the last affine region they do not.
 */
import type { Builder } from '../graph/builder.ts';
import { type Dimension, elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import type { Bounds, RoundingModel } from '../graph/ops/definition.ts';
import { centred, magnitude, outward } from '../graph/ops/outward.ts';
import { type AffineRegion, evaluateRegion, pullRows } from './affine.ts';
import type { Factors } from './constant-factors.ts';
import type { InputSet } from './input-set.ts';

/** More than underflow takes from sums of up to 2²⁵ products. */
export const LEAST_SLACK = 2 ** -100;

/** What a propagation knows when its specification is applied. */
export interface RegionBounds {
  readonly b: Builder;
  readonly batch: Dimension;
  readonly sets: ReadonlyMap<number, InputSet>;
  readonly rounding: RoundingModel;
  readonly boundsOf: (node: Node) => Bounds;
  regionOf(output: Node): AffineRegion;
  /** Constants that may be multiplied before an affine value is; undefined where there are not two. */
  readonly factorsOf: (node: Node) => Factors | undefined;
  isFoldable(region: AffineRegion): boolean;
  regionError(region: AffineRegion): Node;
  /** What underflow in rows pulled through the region may cost: [batch]; undefined where nothing is rounded. */
  pulledLoss(region: AffineRegion): Node | undefined;
  /** Takes a value into the finite flag. */
  watchedNode(node: Node): Node;
}

/**
 * Lower bound of rows·output, rows [batch, rows, outputs] as a value: [batch, rows]. The rows are
 * folded into the last affine region, whose frontier is bounded; where that cannot be done they are
 * applied to the output's own ends.
 */
export function lowerBound(p: RegionBounds, output: Node, rows: Node): Node {
  const { b, batch } = p;
  const ends = p.boundsOf(output);
  const region = p.regionOf(output);
  const count = known(rows.shape[1] ?? 1, 'the number of specification rows');
  const size = known(elementCount(output.shape.slice(1)), 'the output');
  const folds = region.inside.length > 0 || p.sets.has(output.id);
  if (!folds || !p.isFoldable(region)) return onEnds(p, ends, rows, size);
  for (const node of region.frontier) p.boundsOf(node);
  const spec = b.reshape(rows, [multiplied(batch, count), ...output.shape.slice(1)]);
  const pulled = pullRows(b, region, spec, batch);
  if (!pulled) return onEnds(p, ends, rows, size);
  const centres = new Map<number, Node>();
  let reach: Node = b.scalar(0);
  for (const node of region.frontier) {
    const set = p.sets.get(node.id);
    const { centre, radius } = centred(b, p.boundsOf(node));
    centres.set(node.id, set?.centre ?? centre);
    const coefficients = pulled.get(node.id);
    if (!coefficients) continue;
    p.watchedNode(coefficients);
    const width = known(elementCount(node.shape.slice(1)), 'a layer');
    const part = set
      ? set.support(b.neg(b.reshape(coefficients, [multiplied(batch, count), width])), false)
      : weighted(p, b.abs(coefficients), radius ?? b.mul(b.abs(centre), 0), count, width);
    reach = b.add(reach, part);
  }
  const flat = (value: Node): Node => b.reshape(value, [batch, size, 1]);
  const onRows = (matrix: Node, value: Node): Node =>
    b.reshape(b.matMul(matrix, flat(value)), [batch, count]);
  const atCentre = evaluateRegion(p, region, centres);
  const value = onRows(rows, atCentre);
  const error = onRows(b.abs(rows), p.regionError(region));
  // The dot products of rows with reach and values: relative to their own terms.
  const { rounding } = p;
  const dot = b.add(
    b.mul(reach, rounding.own(widest(region))),
    b.mul(onRows(b.abs(rows), b.abs(atCentre)), rounding.own(size)),
  );
  const loss = p.pulledLoss(region);
  const slack = loss ? b.add(dot, b.add(b.perRow(loss, 2), LEAST_SLACK)) : dot;
  const lower = b.sub(b.sub(b.sub(value, reach), error), slack);
  return p.watchedNode(outward(b, { lower, upper: lower }).lower);
}

function widest(region: AffineRegion): number {
  return region.frontier.reduce(
    (most, node) => Math.max(most, known(elementCount(node.shape.slice(1)), 'a layer')),
    1,
  );
}

/** Σ coefficients·radius: [batch, rows]. */
function weighted(
  p: RegionBounds,
  coefficients: Node,
  radius: Node,
  rows: number,
  width: number,
): Node {
  const { b, batch } = p;
  const matrix = b.reshape(coefficients, [batch, rows, width]);
  return b.reshape(b.matMul(matrix, b.reshape(radius, [batch, width, 1])), [batch, rows]);
}

/** rows·output from the output's own ends, where nothing can be folded. */
function onEnds(p: RegionBounds, ends: Bounds, rows: Node, size: number): Node {
  const { b, batch } = p;
  const count = known(rows.shape[1] ?? 1, 'the number of specification rows');
  const { centre, radius } = centred(b, ends);
  const apply = (matrix: Node, value: Node): Node =>
    b.reshape(b.matMul(matrix, b.reshape(value, [batch, size, 1])), [batch, count]);
  const reach = apply(b.abs(rows), radius ?? b.mul(b.abs(centre), 0));
  const dot = apply(b.abs(rows), magnitude(b, ends));
  const slack = b.mul(dot, p.rounding.gamma(2 * size));
  const lower = b.sub(b.sub(apply(rows, centre), reach), slack);
  return p.watchedNode(outward(b, { lower, upper: lower }).lower);
}

function multiplied(batch: Dimension, count: number): Dimension {
  return typeof batch === 'number' ? batch * count : count === 1 ? batch : `${count}*${batch}`;
}
