/**
 * An affine region as numbers: value = atCentre + Σ rows·(h − centre) ± error over the values h of its
 * frontier. The error holds what regionError does: of computing the value, at h by the network (under
 * float32 semantics) and at the centre here, and of the rows themselves.
 */
import { elementCount, known } from '../graph/dimension.ts';
import type { Node } from '../graph/graph.ts';
import { centred } from '../graph/ops/outward.ts';
import { identityMatrix } from '../tensor/tensor.ts';
import { evaluateRegion, pullRows } from './affine.ts';
import type { RegionBounds } from './interval-specification.ts';

export interface RegionSource {
  /** A value of the region's frontier. */
  readonly node: Node;
  /** [elements of the output, elements of the value] */
  readonly rows: Node;
  /** Inside the value's bounds. */
  readonly centre: Node;
}

export interface RegionRows {
  readonly sources: readonly RegionSource[];
  /** Shaped as the output. */
  readonly atCentre: Node;
  readonly error: Node;
}

/** Undefined where the region's rows cannot be pulled back exactly. */
export function regionRows(p: RegionBounds, output: Node): RegionRows | undefined {
  const { b, batch } = p;
  p.boundsOf(output);
  const region = p.regionOf(output);
  if (!p.isFoldable(region)) return undefined;
  const size = known(elementCount(output.shape.slice(1)), 'a layer');
  const spec = b.reshape(b.constant(identityMatrix(size)), [size, ...output.shape.slice(1)]);
  const pulled = pullRows(b, region, spec, batch);
  if (!pulled) return undefined;
  const sources = region.frontier.flatMap((node): RegionSource[] => {
    const rows = pulled.get(node.id);
    if (!rows) return [];
    const width = known(elementCount(node.shape.slice(1)), 'a layer');
    const centre = p.sets.get(node.id)?.centre ?? centred(b, p.boundsOf(node)).centre;
    return [{ node, rows: p.watchedNode(b.reshape(rows, [size, width])), centre }];
  });
  const centres = new Map(
    region.frontier.map((node) => {
      const source = sources.find((each) => each.node === node);
      return [node.id, source?.centre ?? centred(b, p.boundsOf(node)).centre] as const;
    }),
  );
  return {
    sources,
    atCentre: p.watchedNode(evaluateRegion(p, region, centres)),
    error: p.watchedNode(p.regionError(region)),
  };
}
